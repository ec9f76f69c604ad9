/** What figures are to be; those that have no goal are only told. */
export type Goals = Readonly<Record<string, { readonly atMost: number } | { readonly atLeast: number }>>;

/** The goal in words, and whether it was missed; empty where there is none. */
export function goalOf(goals: Goals, name: string, value: number): string {
  const goal = goals[name];
  if (goal === undefined) return '';
  const [words, met] =
    'atMost' in goal
      ? [`at most ${goal.atMost}`, value <= goal.atMost]
      : [`at least ${goal.atLeast}`, value >= goal.atLeast];
  return `(goal: ${words}${met ? '' : ', MISSED'})`;
}
