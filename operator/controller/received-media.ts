import { secondsBefore } from '../crd/seconds-before.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import type { Pass } from './pass.ts';

/** What the recorder of an attempt had received when it was last heard. */
export interface ReceivedMedia {
  /** Of media, on the recorder's timeline, which goes on where the wall clock says. */
  readonly seconds: number;
  /** RFC 3339; absent where it is not known. */
  readonly lastMediaAt?: string;
}

/** What the recorder of the current attempt is known to have received; undefined where nothing is known of any media. */
export function receivedMedia(pass: Pass): ReceivedMedia | undefined {
  const { live } = pass;
  const firstMediaAt = live?.startedAt ?? firstMediaOf(pass.status.value);
  // As stored: what the status says by now may be what the result says.
  const stored = pass.recording.status ?? {};
  const known = Math.round(((stored.durationSeconds ?? 0) - secondsBefore(stored)) * 1000) / 1000;
  const seconds = Math.max(known, live?.durationSeconds ?? 0, 0);
  if (firstMediaAt === undefined && seconds === 0) return undefined;
  const lastMs = Date.parse(live?.lastMediaAt ?? '') || Date.parse(firstMediaAt ?? '') + seconds * 1000;
  return { seconds, ...(lastMs > 0 && { lastMediaAt: new Date(lastMs).toISOString() }) };
}

/** Notes for recorders that were lost before when media came again. */
export function noteResumption({ status }: Pass, firstMediaAt: string): void {
  const { attempt: current = 1, parts } = status.value;
  if (Number.isNaN(Date.parse(firstMediaAt))) return;
  for (const part of parts ?? [])
    if (part.attempt < current && part.receivedSeconds !== undefined)
      part.resumedAt ??= new Date(firstMediaAt).toISOString();
}

/** When the current attempt had its first media. */
function firstMediaOf({ attempt: current = 1, parts = [], startedAt }: MeetingRecordingStatus) {
  const earlier = parts.filter(
    ({ attempt, receivedSeconds }) => attempt < current && receivedSeconds !== undefined,
  );
  return earlier.length === 0 ? startedAt : earlier.at(-1)?.resumedAt;
}
