/** A validation rule that the API server checks, in the Common Expression Language. */
export interface CelRule {
  readonly rule: string;
  /** What the user reads: it says what to write instead. */
  readonly message: string;
}

/** Attaches rules to a zod schema by `.meta(rules(…))`; they come out as `x-kubernetes-validations`. */
export function rules(...list: readonly CelRule[]): { 'x-kubernetes-validations': readonly CelRule[] } {
  return { 'x-kubernetes-validations': list };
}
