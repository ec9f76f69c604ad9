import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Reason } from '../crd/reasons.ts';
import { REASONS } from '../crd/reasons.ts';
import { isTerminal } from '../crd/phases.ts';
import { tellCompleteness } from './completeness.ts';
import type { Pod } from './kube-objects.ts';
import type { LiveStatus } from './live-status.ts';
import type { RecorderState } from './recorder-state.ts';
import type { StatusDraft } from './status-draft.ts';

/** One look at one recording: what is, what the status shall say of it, and when to look again. */
export interface Pass {
  readonly key: string;
  /** As stored; replaced by the answer when the pass writes its metadata. */
  recording: MeetingRecording;
  /** Whether the API server has confirmed in this pass that `recording` is how things stand. */
  isFresh: boolean;
  readonly status: StatusDraft;
  /** The pod of the current attempt. */
  pod: Pod | undefined;
  /** What that pod says. */
  recorder: RecorderState | undefined;
  /** What the recorder said last over HTTP. */
  readonly live: LiveStatus | undefined;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Milliseconds until the next look, should nothing happen; the shortest that any step asked for. */
  requeueAfterMs: number | undefined;
}

/** `next`: the following step has its turn; `end`: the pass is over, and what has changed in the status is written. */
export type Verdict = 'next' | 'end';

export function lookAgainIn(pass: Pass, ms: number): void {
  pass.requeueAfterMs = Math.min(pass.requeueAfterMs ?? Number.POSITIVE_INFINITY, Math.max(ms, 0));
}

/** Whether the stored status has reached its end: only then is anything let go. */
export function isFinished(pass: Pass): boolean {
  return isTerminal(pass.recording.status?.phase);
}

/** Whether it is stored that the recording is being ended: only then is anything ended. */
export function isStopping(pass: Pass): boolean {
  return pass.recording.status?.phase === 'Stopping';
}

export function isDeleted(pass: Pass): boolean {
  return pass.recording.metadata.deletionTimestamp !== undefined;
}

/** Whether somebody wants the recording to end. */
export function isUnwanted(pass: Pass): boolean {
  return isDeleted(pass) || pass.recording.spec.desiredState === 'Stopped';
}

/** Whether the recorder pod has come to its end. */
export function hasEnded(pass: Pass): boolean {
  return pass.recorder?.is === 'ended' || pass.recorder?.is === 'lost';
}

/** Whether there is nothing to be set up any more. */
export function isOver(pass: Pass): boolean {
  return pass.status.isTerminal || isStopping(pass) || hasEnded(pass);
}

/** The recording is over and there is no file. */
export function fail(pass: Pass, reason: Reason, message: string = REASONS[reason]): void {
  const { status } = pass;
  status.say('Failed', reason, message);
  status.value.completedAt = status.now;
  settle(pass);
  tellCompleteness(pass);
  status.set('Uploaded', 'False', reason === 'UploadFailed' ? 'UploadFailed' : 'NoFile', message);
}

/** What every end has in common: conditions of things that are no more. */
export function settle(pass: Pass): void {
  const { status } = pass;
  delete status.value.recorderUrl;
  if (status.condition('Admitted'))
    status.set('Admitted', 'False', 'SlotReleased', 'The recording has ended');
  endConditions(pass);
}

/** Of a recorder that is no more, also where its recording waits for something still. */
export function endConditions({ status }: Pass): void {
  if (status.condition('RecorderReady'))
    status.set('RecorderReady', 'False', 'RecorderEnded', 'The recorder has ended');
  if (status.condition('Receiving'))
    status.set('Receiving', 'False', 'RecorderEnded', 'The recording has ended');
}
