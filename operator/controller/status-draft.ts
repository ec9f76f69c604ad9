import type { Condition, ConditionReason, ConditionType } from '../crd/conditions.ts';
import type { Phase } from '../crd/phases.ts';
import { isTerminal } from '../crd/phases.ts';
import type { Reason } from '../crd/reasons.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { copyJson } from '../runtime/json-values.ts';

const MAX_MESSAGE_LENGTH = 1024;

/** The status that a pass works on: a copy, which one place writes at the end when it differs from what is stored. */
export class StatusDraft {
  readonly value: MeetingRecordingStatus;
  readonly #stored: readonly Condition[] | undefined;
  readonly #nowIso: string;
  readonly #generation: number | undefined;

  /** @param options.nowMs Unix milliseconds */
  constructor(options: {
    stored: MeetingRecordingStatus | undefined;
    generation: number | undefined;
    nowMs: number;
  }) {
    this.value = copyJson(options.stored ?? {});
    this.#stored = options.stored?.conditions;
    this.#generation = options.generation;
    // metav1.Time has whole seconds.
    this.#nowIso = new Date(options.nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
    if (this.#generation !== undefined) this.value.observedGeneration = this.#generation;
  }

  get phase(): Phase | undefined {
    return this.value.phase;
  }

  get isTerminal(): boolean {
    return isTerminal(this.value.phase);
  }

  get now(): string {
    return this.#nowIso;
  }

  /** What people see. The summary condition follows it. */
  say(phase: Phase, reason: Reason, message: string): void {
    this.value.phase = phase;
    this.value.reason = reason;
    this.value.message = message.slice(0, MAX_MESSAGE_LENGTH);
    if (phase !== 'Pending') delete this.value.queuePosition;
    const succeeded = phase === 'Completed' ? 'True' : phase === 'Failed' ? 'False' : 'Unknown';
    this.set('Succeeded', succeeded, reason, message);
    if (!isTerminal(phase))
      this.set('Complete', 'Unknown', 'InProgress', 'It is told at the end what is missing');
  }

  /** lastTransitionTime moves only when the condition's status does. */
  set(
    type: ConditionType,
    status: Condition['status'],
    reason: Reason | ConditionReason,
    message: string,
  ): void {
    this.value.conditions ??= [];
    const known = this.value.conditions.find((condition) => condition.type === type);
    // What it was for a moment within this pass, nobody saw.
    const stored = this.#stored?.find((condition) => condition.type === type);
    const next: Condition = {
      type,
      status,
      reason,
      message: message.slice(0, MAX_MESSAGE_LENGTH),
      lastTransitionTime: stored?.status === status ? stored.lastTransitionTime : this.#nowIso,
      ...(this.#generation !== undefined && { observedGeneration: this.#generation }),
    };
    if (known) Object.assign(known, next);
    else this.value.conditions.push(next);
  }

  condition(type: ConditionType): Condition | undefined {
    return this.value.conditions?.find((condition) => condition.type === type);
  }

  is(type: ConditionType, status: Condition['status'] = 'True'): boolean {
    return this.condition(type)?.status === status;
  }
}
