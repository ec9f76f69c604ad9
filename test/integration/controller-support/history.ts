import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import type { Condition } from '../../../operator/crd/conditions.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { isTerminal } from '../../../operator/crd/phases.ts';
import type { MeetingRecordingStatus } from '../../../operator/crd/status.ts';
import { MEETING_RECORDINGS } from '../../../operator/controller/kube-objects.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { Informer } from '../../../operator/runtime/informer.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';

/** What may come after what, of one attempt: a later one may begin from anywhere that is not terminal. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  none: ['Pending', 'Starting', 'Failed'],
  Pending: ['Starting', 'Failed'],
  Starting: ['Recording', 'Stopping', 'Completed', 'Failed'],
  Recording: ['Stopping', 'Completed', 'Failed'],
  Stopping: ['Completed', 'Failed'],
};
const SUMMARY: Readonly<Record<string, string>> = { Completed: 'True', Failed: 'False' };
const CAMEL_CASE = /^[A-Z][A-Za-z0-9]*$/;

/** Every version of every recording of a namespace, and what in them an object must never show. */
export class History implements AsyncDisposable {
  readonly #informer: Informer<MeetingRecording>;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  readonly #headlines = new Map<string, string[]>();
  readonly #versions = new Map<string, number>();
  /** What was wrong. */
  readonly faults: string[] = [];

  constructor(options: { kube: KubeClient; namespace: string }) {
    this.#informer = new Informer<MeetingRecording>({
      client: options.kube,
      resource: MEETING_RECORDINGS,
      selection: { namespace: options.namespace },
      clock: systemClock,
      random: Math.random,
      log: pino({ level: 'silent' }),
    });
    this.#informer.onChange(({ before, after }) => {
      if (after) this.#see(before?.metadata.uid === after.metadata.uid ? before : undefined, after);
    });
    this.#run = this.#informer.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  /** Phase and reason of a recording, each change of them. */
  headlines(name: string): readonly string[] {
    return this.#headlines.get(name) ?? [];
  }

  /** How often a recording's status was written. */
  statusWrites(name: string): number {
    return this.#versions.get(name) ?? 0;
  }

  #see(before: MeetingRecording | undefined, after: MeetingRecording): void {
    const { name, generation = 0 } = after.metadata;
    const { status } = after;
    const faults: string[] = [];
    if (status && !isDeepStrictEqual(before?.status, status)) {
      this.#versions.set(name, this.statusWrites(name) + 1);
      if ((status.observedGeneration ?? 0) > generation) faults.push('it tells about a generation to come');
      faults.push(...faultsOf(status), ...faultsBetween(before?.status ?? {}, status));
      const headline = `${status.phase} ${status.reason}`;
      if (this.headlines(name).at(-1) !== headline)
        this.#headlines.set(name, [...this.headlines(name), headline]);
    }
    const versions = () => JSON.stringify([before?.status, status]);
    this.faults.push(...faults.map((fault) => `${name}: ${fault}: ${versions()}`));
  }
}

/** What kstatus and kubectl wait rely on. */
function faultsOf(status: MeetingRecordingStatus): string[] {
  const { phase, conditions = [] } = status;
  const faults: string[] = [];
  const types = conditions.map(({ type }) => type);
  if (new Set(types).size < types.length) faults.push('a condition is there twice');
  for (const { type, reason, lastTransitionTime } of conditions) {
    if (!CAMEL_CASE.test(reason)) faults.push(`${type}'s reason is ${reason}`);
    if (Number.isNaN(Date.parse(lastTransitionTime))) faults.push(`${type} has no time`);
  }
  const summary = conditions.find(({ type }) => type === 'Succeeded')?.status;
  const expected = SUMMARY[phase ?? ''] ?? 'Unknown';
  if (summary !== expected) faults.push(`Succeeded is ${summary}, not ${expected}`);
  return [...faults, ...completenessFaultsOf(status)];
}

/** What is missing is told at the end, and not before. */
function completenessFaultsOf({
  phase,
  conditions = [],
  missingSeconds,
  gaps,
}: MeetingRecordingStatus): string[] {
  const complete = conditions.find(({ type }) => type === 'Complete');
  const told = `${complete?.status} ${complete?.reason}`;
  if (!isTerminal(phase)) {
    const isEarly = told !== 'Unknown InProgress' || missingSeconds !== undefined || gaps !== undefined;
    return isEarly ? [`it tells what is missing before it has ended: ${told}`] : [];
  }
  if (complete?.status === 'Unknown' ? complete.reason !== 'NotReported' : complete === undefined)
    return [`it has ended, and Complete is ${told}`];
  const isTold = complete?.status === 'Unknown' || missingSeconds !== undefined;
  return isTold ? [] : [`Complete is ${told}, and missingSeconds is absent`];
}

function faultsBetween(before: MeetingRecordingStatus, after: MeetingRecordingStatus): string[] {
  const faults: string[] = [];
  const { observedGeneration: _before, ...old } = before;
  const { observedGeneration: _after, ...now } = after;
  // A push may outlive the recording, and end later.
  if (old.agora && now.agora?.state === 'ended') old.agora = { ...old.agora, state: 'ended' };
  if (isTerminal(before.phase) && !isDeepStrictEqual(old, now))
    faults.push('it was finished, and is changed');
  const continued = (after.attempt ?? 1) > (before.attempt ?? 1);
  if ((after.attempt ?? 1) < (before.attempt ?? 1)) faults.push('its attempts go backwards');
  const allowed = NEXT[before.phase ?? 'none'] ?? [];
  const moved = before.phase !== after.phase;
  if (moved && !continued && !allowed.includes(after.phase ?? '')) faults.push('its phases are out of order');
  if (before.startedAt !== undefined && after.startedAt === undefined)
    faults.push('it forgets its beginning');
  for (const condition of after.conditions ?? []) {
    const known = before.conditions?.find(({ type }) => type === condition.type);
    if (known && hasSlipped(known, condition))
      faults.push(`${condition.type}'s time moves without its status, or backwards`);
  }
  return faults;
}

function hasSlipped(known: Condition, now: Condition): boolean {
  if (known.status === now.status) return known.lastTransitionTime !== now.lastTransitionTime;
  return Date.parse(now.lastTransitionTime) < Date.parse(known.lastTransitionTime);
}
