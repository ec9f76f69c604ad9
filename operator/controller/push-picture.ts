import { isDeepStrictEqual } from 'node:util';
import { AgoraError } from '../agora/agora-error.ts';
import { arrange } from '../agora/layout.ts';
import type { Canvas, Tile } from '../agora/layout.ts';
import type { MediaPush } from '../agora/media-push.ts';
import { participantsOf } from '../crd/channel-news.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import { PushBusyError } from './push-busy.ts';
import type { World } from './world.ts';

/** Milliseconds between two changes of a push: Agora takes two a second, and the sequence grows by the second. */
export const SPACING_MS = 1000;
const RETRY_MS = 5000;
/** Milliseconds of media that may be interrupted to have the picture as it was asked for. */
const ANEW_MS = 10_000;

/** The size of the picture, in pixels. */
export function canvasOf({ spec }: MeetingRecording): Canvas {
  const [width = 1280, height = 720] = spec.output.resolution.split('x').map(Number);
  return { width, height };
}

/** Who is to be seen where; undefined where Agora arranges it: it was not asked for otherwise, or nobody is known. */
export function wantedLayout(recording: MeetingRecording): Tile[] | undefined {
  const { agora } = recording.spec.source;
  const arrangement = agora?.layout ?? 'auto';
  if (arrangement === 'auto' || agora?.audioOnly === true || agora?.mode === 'raw') return undefined;
  const people = participantsOf(recording) ?? [];
  return people.length === 0
    ? undefined
    : arrange(arrangement, people, canvasOf(recording), agora?.speakerUid);
}

/**
 * Whether the push was made before anybody was known, so that Agora arranges its picture for good, and it is early
 * enough to make it anew.
 */
export function isMadeTooEarly({ recording, status, nowMs }: Pass): boolean {
  const { agora, startedAt } = status.value;
  if (agora === undefined || (agora.layout ?? 'auto') !== 'auto') return false;
  const isEarly = startedAt === undefined || nowMs - Date.parse(startedAt) < ANEW_MS;
  return isEarly && wantedLayout(recording) !== undefined;
}

/** Has the picture follow who is there. Of several changes within a second, the last one wins. */
export async function rearrange(pass: Pass, world: World, push: MediaPush): Promise<void> {
  const { recording, status } = pass;
  const { agora } = recording.spec.source;
  const known = status.value.agora;
  const layout = wantedLayout(recording);
  if (!agora || !known || !layout || (known.layout ?? 'auto') === 'auto') return;
  const shown = layout.map(({ uid }) => uid);
  if (isDeepStrictEqual(known.shown, shown)) return;

  const memory = world.pushRequests.of(recording.metadata.uid);
  const now = world.clock.monotonic();
  // One that has just started does not know when the one before it changed the picture.
  memory.mayChangeAtMs ??= now + SPACING_MS;
  if (now < memory.mayChangeAtMs) {
    lookAgainIn(pass, memory.mayChangeAtMs - now);
    return;
  }
  const sequence = Math.max(Math.floor(pass.nowMs / 1000), (memory.sequence ?? known.sequence ?? 0) + 1);
  memory.sequence = sequence;
  memory.mayChangeAtMs = now + SPACING_MS;
  try {
    await push.update(agora.region, known.converterId, { layout }, sequence, pass.signal);
    status.value.agora = { ...known, shown, sequence };
  } catch (error) {
    if (error instanceof PushBusyError) {
      memory.mayChangeAtMs = now;
      error.comeBack(pass);
      return;
    }
    if (!(error instanceof AgoraError)) throw error;
    // The picture stays as it was, which is no reason to end anything.
    const waitMs = Math.max((error.retryAfterSeconds ?? 0) * 1000, RETRY_MS);
    memory.mayChangeAtMs = now + waitMs;
    lookAgainIn(pass, waitMs);
    world.log.warn({ key: pass.key, error: error.message }, 'the picture could not be changed, trying again');
  }
}
