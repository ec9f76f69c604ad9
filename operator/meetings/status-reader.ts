import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { liveDuration, liveFigures } from './live.ts';
import type { LiveFigures } from './live.ts';
import type { MeetingDocument, RecordingSubdocument } from './meeting.ts';
import { objectNameOf } from './record-identity.ts';
import { observe } from './observation.ts';
import type { Observation } from './observation.ts';
import type { RecorderLooks } from './recorder-looks.ts';
import type { RecordingObjects } from './recording-objects.ts';
import { isActive, laterStatus } from './recording-status.ts';
import type { RecordingStore } from './recording-store.ts';
import { requireParticipant } from './roles.ts';
import { storedView, viewOf } from './view.ts';

export interface StatusReaderOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  /** The object as a watch has it, where there is one: it may be late by as much. */
  readonly watched?: ((name: string) => MeetingRecording | undefined) | undefined;
  /** Absent: recorders can't be reached from here. */
  readonly recorders?: RecorderLooks | undefined;
}

/** The status is answered in any case: this is how long fresher figures are waited for. */
const LIVE_TIMEOUT_MS = 1000;

/** Tells how a meeting's recording is doing, from whoever knows best and answers. */
export class StatusReader {
  readonly #options: StatusReaderOptions;

  constructor(options: StatusReaderOptions) {
    this.#options = options;
  }

  /**
   * The meeting's recording, with figures from its recorder where that answers, else from its object, else as of the
   * last change that the database knows of. Throws RecordingError `meeting-not-found`, `not-participant`.
   */
  async status(request: {
    readonly meetingId: string;
    readonly userId: string;
  }): Promise<{ recording: RecordingSubdocument; live: LiveFigures | null }> {
    const { store, recorders } = this.#options;
    const meeting = await store.meeting(request.meetingId);
    requireParticipant(meeting, request.userId);
    const { recordingId, status } = meeting.recording;
    if (recordingId === null || !isActive(status)) return { recording: storedView(meeting), live: null };
    const object = await this.#look(meeting, recordingId);
    const seen = object === undefined ? await store.find(recordingId) : fresh(object, meeting, recordingId);
    if (seen === undefined) return { recording: storedView(meeting), live: null };
    if (!isActive(seen.status)) return { recording: viewOf(meeting, seen), live: null };
    const recorderUrl = object?.status?.recorderUrl;
    const figures =
      recorderUrl === undefined ? undefined : await recorders?.look(objectNameOf(recordingId), recorderUrl);
    const current = { ...seen, duration: liveDuration(seen.duration, { object, figures }) };
    const isHost = request.userId === meeting.host || request.userId === meeting.creator;
    return {
      recording: viewOf(meeting, current),
      live: liveFigures(current, { object, figures, isHost }),
    };
  }

  /** The object of the recording that the meeting shows: another one may have its name by now. */
  async #look({ shown }: MeetingDocument, recordingId: string): Promise<MeetingRecording | undefined> {
    const name = objectNameOf(recordingId);
    const isIt = (object: MeetingRecording | undefined): boolean =>
      typeof shown?.uid !== 'string' || object?.metadata.uid === shown.uid;
    const watched = this.#options.watched?.(name);
    if (watched !== undefined && isIt(watched)) return watched;
    try {
      const object = await this.#options.objects.get(name, AbortSignal.timeout(LIVE_TIMEOUT_MS));
      return isIt(object) ? object : undefined;
    } catch {
      // What the database knows is late by seconds at most, and better than no answer.
      return undefined;
    }
  }
}

/**
 * What an object says now. A stop that it was not told of yet is known to the meeting alone, and another replica may
 * have seen the object in a later state.
 */
function fresh(object: MeetingRecording, { recording }: MeetingDocument, recordingId: string): Observation {
  const seen = observe(object, recordingId);
  const known = recording.duration ?? null;
  const duration = seen.duration === null ? known : Math.max(seen.duration, known ?? 0);
  return { ...seen, status: laterStatus(seen.status, recording.status), duration };
}
