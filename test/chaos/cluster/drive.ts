import { MEETING_RECORDINGS } from '../../../operator/controller/kube-objects.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import type { Patch } from '../../../operator/runtime/kube/client.ts';
import { isNotFound } from '../../../operator/runtime/kube/api-error.ts';
import { waitFor } from '../../support/wait-for.ts';
import { manifest, secondsBefore } from './subject.ts';
import type { Subject } from './subject.ts';
import type { ChaosWorld } from './world.ts';

const START_MS = 180_000;
/** Seconds that a recording must go on after it has been through everything. */
const AFTERWARDS_SECONDS = 3;
/** Journals are written to more often, while media comes. */
const STALE_MS = 1500;
const STOP: Patch = { type: 'merge', body: { spec: { desiredState: 'Stopped' } } };

/** Takes one recording through its life: each verb returns when the object says so, or throws WaitTimeoutError. */
export class Driver {
  readonly #world: ChaosWorld;
  readonly #signal: AbortSignal;

  constructor(options: { readonly world: ChaosWorld; readonly signal: AbortSignal }) {
    this.#world = options.world;
    this.#signal = options.signal;
  }

  async create(subject: Subject): Promise<void> {
    const { kube, namespace, observer } = this.#world;
    await kube.create(MEETING_RECORDINGS, manifest(subject, namespace));
    await this.#until(subject, 'seen', () => observer.of(subject.name).last !== undefined);
  }

  async reach(subject: Subject, phase: string, timeoutMs = START_MS): Promise<void> {
    await this.#until(subject, phase, ({ status }) => status?.phase === phase, timeoutMs);
  }

  /** Until media has come for as long as its kind needs. */
  async record(subject: Subject): Promise<void> {
    const since = { ms: undefined as number | undefined };
    await this.#until(subject, 'recording', (recording) =>
      hasRecorded(recording, secondsBefore(subject), since),
    );
  }

  /** Until media is written again, and has been for a while; at once where it has ended. */
  async goOn(subject: Subject, timeoutMs: number): Promise<void> {
    const { evidence, observer } = this.#world;
    const since = { ms: undefined as number | undefined };
    const goesOn = async (recording: MeetingRecording): Promise<boolean> => {
      if (this.#world.hasEnded(subject.name)) return true;
      // What the object says may not be so yet: the journal tells.
      const written = await evidence.lastMediaMs(observer.of(subject.name).pods.keys());
      if (Date.now() - written > STALE_MS) since.ms = undefined;
      return hasRecorded(recording, AFTERWARDS_SECONDS, since);
    };
    await this.#until(subject, 'recording on', goesOn, timeoutMs);
  }

  async stop({ name }: Subject): Promise<void> {
    const { kube, namespace } = this.#world;
    await waitFor(
      async () => {
        try {
          await kube.patch(MEETING_RECORDINGS, { namespace, name }, STOP, { timeoutMs: 5000 });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return true;
      },
      { what: `${name} to be told to stop`, timeoutMs: 60_000, signal: this.#signal },
    );
  }

  async end(subject: Subject, timeoutMs: number): Promise<void> {
    const isOver = (): boolean => this.#world.hasEnded(subject.name);
    await this.#until(subject, 'at its end', isOver, timeoutMs);
  }

  /** Has the object deleted, where there is one. */
  async delete({ name }: Subject): Promise<void> {
    const { kube, namespace } = this.#world;
    try {
      await kube.delete(MEETING_RECORDINGS, { namespace, name }, { timeoutMs: 5000 });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Removes the object, which must then go. */
  async remove(subject: Subject, timeoutMs: number): Promise<void> {
    const { name } = subject;
    const { observer } = this.#world;
    await this.delete(subject);
    await waitFor(() => observer.of(name).gone || observer.of(name).last === undefined, {
      what: `the object ${name} to go`,
      timeoutMs,
      signal: this.#signal,
    });
  }

  async #until(
    { name }: Subject,
    what: string,
    is: (recording: MeetingRecording) => boolean | Promise<boolean>,
    timeoutMs = START_MS,
  ): Promise<void> {
    const { observer } = this.#world;
    try {
      await waitFor(
        async () => {
          const { last } = observer.of(name);
          return last !== undefined && (await is(last));
        },
        { what: `${name} to be ${what}`, timeoutMs, intervalMs: 40, signal: this.#signal },
      );
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new Error(`${String(error)}: ${observer.of(name).states.join(', ')}`, { cause: error });
    }
  }
}

/** Whether media has come without a break for so long, by the clock. */
function hasRecorded(
  { status }: MeetingRecording,
  seconds: number,
  since: { ms: number | undefined },
): boolean {
  if (status?.phase !== 'Recording' || status.reason !== 'Receiving') {
    since.ms = undefined;
    return false;
  }
  since.ms ??= performance.now();
  return performance.now() - since.ms >= seconds * 1000;
}
