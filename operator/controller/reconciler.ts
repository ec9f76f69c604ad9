import { isTerminal } from '../crd/phases.ts';
import { isConflict, isNotFound } from '../runtime/kube/api-error.ts';
import type { ReconcileAnswer } from '../runtime/controller.ts';
import { parseKey } from '../runtime/kube/objects.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { MEETING_RECORDINGS, ownerUid } from './kube-objects.ts';
import type { Pod } from './kube-objects.ts';
import { lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import { recorderPodName } from './recorder-pod.ts';
import { readRecorderState, stuckInMs } from './recorder-state.ts';
import { releasePod } from './release-pod.ts';
import { salvagedAttempt } from './salvage-pod.ts';
import { StatusDraft } from './status-draft.ts';
import type { StatusUpdate } from './status-update.ts';
import { sync } from './sync.ts';
import { POD_RECORDING } from './world.ts';
import type { World } from './world.ts';

const CONFLICT_RETRY_MS = 100;
/** How often pods of a recording that is gone are looked after until they are gone too. */
const ORPHANS_MS = 60_000;

/** Reconciles one MeetingRecording: gathers what is, goes through the steps, and writes the status once at the end. */
export class MeetingRecordingReconciler {
  readonly #world: World;
  readonly #statusUpdate: StatusUpdate;

  constructor(options: { world: World; statusUpdate: StatusUpdate }) {
    this.#world = options.world;
    this.#statusUpdate = options.statusUpdate;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileAnswer> {
    const world = this.#world;
    const recording = world.recordings.store.get(key);
    const pods = world.pods.store.byIndex(POD_RECORDING, key);
    const strangers = pods.filter((pod) => ownerUid(pod) !== recording?.metadata.uid);
    if (strangers.length > 0) await this.#releaseOrphans(key, strangers, signal);
    if (!recording) {
      world.watchers.drop(key);
      world.hostPorts.forgetAllOf(parseKey(key).name);
      return strangers.length > 0 ? { requeueAfterMs: ORPHANS_MS } : undefined;
    }
    const pass = this.#newPass(key, recording, pods, signal);
    try {
      await this.#releaseEarlierAttempts(pass, pods);
      await sync(pass, world);
    } catch (error) {
      // Somebody else wrote first: no failure, only a reason to look again when the cache has caught up.
      if (!isConflict(error)) throw error;
      lookAgainIn(pass, CONFLICT_RETRY_MS);
    } finally {
      // Whichever way a pass ends, what it has learnt is kept.
      await this.#statusUpdate.write(pass, world);
    }
    return pass.requeueAfterMs === undefined ? undefined : { requeueAfterMs: pass.requeueAfterMs };
  }

  /** A recording that is gone, or was made anew under its name, has no use for its pods' results any more. */
  async #releaseOrphans(key: string, orphans: readonly Pod[], signal: AbortSignal): Promise<void> {
    const world = this.#world;
    let live: MeetingRecording | undefined;
    try {
      live = await world.kube.get(MEETING_RECORDINGS, parseKey(key), { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    for (const pod of orphans) if (ownerUid(pod) !== live?.metadata.uid) await releasePod(pod, world, signal);
  }

  async #releaseEarlierAttempts(pass: Pass, pods: readonly Pod[]): Promise<void> {
    const { uid } = pass.recording.metadata;
    for (const pod of pods)
      if (
        ownerUid(pod) === uid &&
        pod.metadata.name !== currentPodName(pass.recording) &&
        salvagedAttempt(pod) === undefined
      ) {
        await releasePod(pod, this.#world, pass.signal);
        // One that won't go, for its node is dead, is let go by force.
        if (pod.metadata.deletionTimestamp !== undefined) lookAgainIn(pass, stuckInMs(pod, pass.nowMs));
      }
  }

  #newPass(key: string, recording: MeetingRecording, pods: readonly Pod[], signal: AbortSignal): Pass {
    const nowMs = this.#world.clock.now();
    const { uid, generation } = recording.metadata;
    const pod = pods.find((pod) => ownerUid(pod) === uid && pod.metadata.name === currentPodName(recording));
    return {
      key,
      recording,
      isFresh: false,
      status: new StatusDraft({ stored: recording.status, generation, nowMs }),
      pod,
      recorder: pod && !isTerminal(recording.status?.phase) ? readRecorderState(pod, nowMs) : undefined,
      live: this.#world.watchers.latest(key),
      nowMs,
      signal,
      requeueAfterMs: undefined,
    };
  }
}

export function currentPodName(recording: MeetingRecording): string {
  return recorderPodName(recording, recording.status?.attempt ?? 1);
}
