import { deriveStreamKey } from '../crd/stream-key.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Downloads, RecordingDownload } from './downloads.ts';
import { downloadOf } from './downloads.ts';
import { RecordingError } from './errors.ts';
import { liveFigures } from './live.ts';
import type { LiveFigures } from './live.ts';
import type { MeetingDocument, RecordingSubdocument } from './meeting.ts';
import { observe } from './observation.ts';
import type { Observation } from './observation.ts';
import type { RecordingDocument, StopReason } from './recording.ts';
import { newRecordingId } from './recording-id.ts';
import { recordingOf } from './recording-archive.ts';
import type { RecordingObjects } from './recording-objects.ts';
import { requestedRecording } from './recording-request.ts';
import type { RecordingDefaults, RecordingOptions } from './recording-request.ts';
import type { RecordingStarter } from './recording-starter.ts';
import type { RecordingStopper } from './recording-stopper.ts';
import { isActive, laterStatus } from './recording-status.ts';
import type { RecordingStatus } from './recording-status.ts';
import type { RecordingStore } from './recording-store.ts';
import { requireHost, requireParticipant } from './roles.ts';
import { storedView, viewOf } from './view.ts';

interface RecordingServiceOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  readonly starter: RecordingStarter;
  readonly stopper: RecordingStopper;
  readonly downloads: Downloads;
  readonly defaults: RecordingDefaults;
  readonly cluster: string;
  /** The master key that every stream key is derived from. */
  readonly streamKeySecret: string;
  /** How many recordings wait for a slot. */
  readonly queued: () => number;
  /** As many may wait; then a start is refused. */
  readonly maxQueued: number;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Who asks about which meeting. */
export interface RecordingRequest {
  readonly meetingId: string;
  readonly userId: string;
}

export interface StartedRecording {
  readonly recording: RecordingSubdocument;
  /** Where the meeting is not Agora's: with what the publisher publishes. */
  readonly ingest?: { readonly streamKey: string; readonly url?: string };
}

const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;
/** The status is answered in any case: this is how long fresher figures are waited for. */
const LIVE_TIMEOUT_MS = 1000;

/**
 * Starts, stops and tells of recordings, for a backend that has authenticated the user. Every method throws
 * RecordingError, whose `code` says why.
 */
export class RecordingService {
  readonly #options: RecordingServiceOptions;

  constructor(options: RecordingServiceOptions) {
    this.#options = options;
  }

  /** Starts the meeting's recording. With a key, the same user asking again gets the same recording for a day. */
  async startRecording(
    request: RecordingRequest & {
      readonly options?: RecordingOptions;
      readonly idempotencyKey?: string | undefined;
    },
  ): Promise<StartedRecording> {
    const { meetingId, userId, options = {}, idempotencyKey } = request;
    const { store, starter, defaults, cluster, maxQueued, now, randomBytes } = this.#options;
    const meeting = await store.meeting(meetingId);
    requireHost(meeting, userId);
    if (idempotencyKey !== undefined) {
      const since = new Date(now().getTime() - IDEMPOTENCY_MS);
      const earlier = await store.byIdempotencyKey(meetingId, { userId, key: idempotencyKey, since });
      if (earlier !== undefined) return await this.#startAgain(meeting, earlier);
    }
    await this.#requireReady(meeting);
    if (this.#options.queued() >= maxQueued) {
      throw new RecordingError('queue-full', 'Too many recordings wait for a slot: try again later.', {
        retryAfterSeconds: 30,
      });
    }

    const record = requestedRecording({
      recordingId: newRecordingId(randomBytes),
      meeting,
      userId,
      options,
      defaults,
      idempotencyKey,
      cluster,
      now: now(),
    });
    if (!(await store.add(record))) {
      const active = await store.active(meetingId);
      const isOurs = idempotencyKey !== undefined && active?.idempotencyKey === idempotencyKey;
      if (isOurs && active.requestedBy === userId) return await this.#startAgain(meeting, active);
      throw await this.#alreadyRecording(meeting);
    }
    const begun = await store.begin(record);
    if (begun === undefined) {
      await starter.undo(record);
      const found = await store.meeting(meetingId);
      await this.#requireReady(found);
      throw await this.#alreadyRecording(found);
    }
    const created = await starter.create(record);
    return this.#started(begun, created.record, created.object);
  }

  /**
   * Whether a user may do this to the meeting's recording; the host is meant where nobody is named. Throws
   * RecordingError `not-host`, `not-participant`.
   */
  async mayDo(request: {
    readonly meetingId: string;
    readonly userId: string | undefined;
    readonly action: 'start' | 'stop' | 'status' | 'download';
  }): Promise<{ userId: string }> {
    const meeting = await this.#options.store.meeting(request.meetingId);
    const userId = request.userId ?? meeting.host;
    if (request.action === 'status') requireParticipant(meeting, userId);
    else requireHost(meeting, userId);
    return { userId };
  }

  /** Stops the meeting's recording; asking again while it stops is harmless. */
  async stopRecording(request: RecordingRequest): Promise<{ recording: RecordingSubdocument }> {
    const meeting = await this.#options.store.meeting(request.meetingId);
    requireHost(meeting, request.userId);
    const recording = await this.#stop(meeting, 'StopRequested');
    if (recording !== undefined) return { recording };
    throw new RecordingError(
      'nothing-to-stop',
      'The meeting is not being recorded: start a recording first.',
      {
        recording: storedView(await this.#options.store.meeting(request.meetingId)),
      },
    );
  }

  /**
   * Stops what is being recorded of a meeting that has ended, if anything. Nobody's role is checked.
   *
   * @param options.startedBefore leaves a recording alone that was started later: late news is of an earlier meeting
   */
  async meetingEnded(
    meetingId: string,
    options: { readonly startedBefore?: Date } = {},
  ): Promise<{ recording: RecordingSubdocument }> {
    const meeting = await this.#options.store.meeting(meetingId);
    const startedAt = meeting.shown?.createdAt;
    const isLate =
      options.startedBefore !== undefined && startedAt !== undefined && startedAt >= options.startedBefore;
    if (isLate) return { recording: storedView(meeting) };
    const recording = await this.#stop(meeting, 'MeetingEnded');
    return { recording: recording ?? storedView(meeting) };
  }

  /** The meeting's recording, with figures from its object where that answers, else as of its last change. */
  async getRecordingStatus(
    request: RecordingRequest,
  ): Promise<{ recording: RecordingSubdocument; live: LiveFigures | null }> {
    const { store } = this.#options;
    const meeting = await store.meeting(request.meetingId);
    requireParticipant(meeting, request.userId);
    const { recordingId, status } = meeting.recording;
    if (recordingId === null || !isActive(status)) return { recording: storedView(meeting), live: null };
    const object = await this.#look(recordingId);
    const current = object === undefined ? await store.find(recordingId) : fresh(object, status);
    if (current === undefined) return { recording: storedView(meeting), live: null };
    const recording = viewOf(meeting, current);
    if (!isActive(current.status)) return { recording, live: null };
    const isHost = request.userId === meeting.host || request.userId === meeting.creator;
    return { recording, live: liveFigures(current, isHost ? object : undefined) };
  }

  /** A URL that the file can be downloaded from for a while: of the latest recording, or of the one that is named. */
  async getRecordingUrl(
    request: RecordingRequest & {
      readonly recordingId?: string | undefined;
      /** From 1; where a recording has several files. */
      readonly take?: number | undefined;
    },
  ): Promise<RecordingDownload> {
    const { store, downloads } = this.#options;
    const meeting = await store.meeting(request.meetingId);
    requireHost(meeting, request.userId);
    const recordingId = request.recordingId ?? meeting.recording.recordingId;
    if (recordingId === null) {
      throw new RecordingError(
        'not-available',
        'The meeting has not been recorded yet: start a recording first.',
      );
    }
    const record = await recordingOf(store, meeting, recordingId);
    return downloadOf(record, { downloads, take: request.take ?? 1, recording: viewOf(meeting, record) });
  }

  async #requireReady(meeting: MeetingDocument): Promise<void> {
    if (!meeting.recording.enabled) {
      throw new RecordingError(
        'recording-disabled',
        'Recording is disabled for this meeting: the backend enables it with PUT /api/v1/meetings/ID.',
      );
    }
    if (meeting.endedAt) {
      throw new RecordingError(
        'meeting-ended',
        'The meeting has ended: the backend opens it again with PUT /api/v1/meetings/ID.',
      );
    }
    if (isActive(meeting.recording.status)) throw await this.#alreadyRecording(meeting);
  }

  async #alreadyRecording(meeting: MeetingDocument): Promise<RecordingError> {
    const record = await this.#options.store.active(meeting._id);
    const recording = record === undefined ? storedView(meeting) : viewOf(meeting, record);
    return new RecordingError(
      'already-recording',
      'The meeting is being recorded already: stop that recording before you start another.',
      { recording },
    );
  }

  async #startAgain(meeting: MeetingDocument, record: RecordingDocument): Promise<StartedRecording> {
    const { objects, starter } = this.#options;
    if (!isActive(record.status)) return { recording: viewOf(meeting, record) };
    if (record.uid === null) {
      const created = await starter.create(record);
      return this.#started(meeting, created.record, created.object);
    }
    const object = await objects.get(record._id);
    return object === undefined
      ? { recording: viewOf(meeting, record) }
      : this.#started(meeting, record, object);
  }

  #started(meeting: MeetingDocument, record: RecordingDocument, object: MeetingRecording): StartedRecording {
    const recording = viewOf(meeting, record);
    if (object.spec.source.rtmp === undefined) return { recording };
    const streamKey = deriveStreamKey(this.#options.streamKeySecret, object.metadata.uid);
    const url = object.status?.ingest?.url;
    return { recording, ingest: { streamKey, ...(url === undefined ? {} : { url }) } };
  }

  async #stop(meeting: MeetingDocument, reason: StopReason): Promise<RecordingSubdocument | undefined> {
    const { recordingId, status } = meeting.recording;
    if (recordingId === null || !isActive(status)) return undefined;
    const record = await this.#options.stopper.stop(recordingId, reason);
    return record === undefined ? undefined : viewOf(meeting, record);
  }

  async #look(recordingId: string): Promise<MeetingRecording | undefined> {
    try {
      return await this.#options.objects.get(recordingId, AbortSignal.timeout(LIVE_TIMEOUT_MS));
    } catch {
      // What the database knows is late by seconds at most, and better than no answer.
      return undefined;
    }
  }
}

/** What an object says now. A stop that it was not told of yet is known to the meeting alone. */
function fresh(object: MeetingRecording, known: RecordingStatus): Observation {
  const seen = observe(object);
  return { ...seen, status: laterStatus(seen.status, known) };
}
