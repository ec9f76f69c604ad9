import { deriveStreamKey } from '../crd/stream-key.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { Downloads, RecordingDownload } from './downloads.ts';
import { downloadOf } from './downloads.ts';
import { RecordingError } from './errors.ts';
import { IDEMPOTENCY_MS, requireSameStart, stopKeyOf } from './idempotency.ts';
import type { LiveFigures } from './live.ts';
import type { MeetingDocument, RecordingSubdocument } from './meeting.ts';
import { objectNameOf } from './record-identity.ts';
import type { RecordingDocument, StopReason } from './recording.ts';
import { newRecordingId } from './recording-id.ts';
import { recordingOf } from './recording-archive.ts';
import type { RecordingObjects } from './recording-objects.ts';
import { requestedRecording } from './recording-request.ts';
import type { RecordingDefaults, RecordingOptions } from './recording-request.ts';
import type { RecordingStarter } from './recording-starter.ts';
import type { RecordingStopper } from './recording-stopper.ts';
import { isActive } from './recording-status.ts';
import type { RecordingStore } from './recording-store.ts';
import { requireHost, requireParticipant } from './roles.ts';
import type { StatusReader } from './status-reader.ts';
import { storedView, viewOf } from './view.ts';

export interface RecordingServiceOptions {
  readonly store: RecordingStore;
  readonly objects: RecordingObjects;
  readonly starter: RecordingStarter;
  readonly stopper: RecordingStopper;
  readonly statusReader: StatusReader;
  readonly downloads: Downloads;
  readonly defaults: RecordingDefaults;
  /** Tells this cluster from others that share the database. */
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

/**
 * Starts, stops and tells of recordings, for a backend that has authenticated the user. Every method throws
 * RecordingError, whose `code` says why.
 */
export class RecordingService {
  readonly #options: RecordingServiceOptions;

  constructor(options: RecordingServiceOptions) {
    this.#options = options;
  }

  /**
   * Starts the meeting's recording. With a key, the same user asking for the same again gets the same recording for a
   * day.
   */
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
      if (earlier !== undefined) {
        requireSameStart(earlier, options);
        return await this.#startAgain(meeting, earlier);
      }
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
      if (isOurs && active.requestedBy === userId) {
        requireSameStart(active, options);
        return await this.#startAgain(meeting, active);
      }
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

  /**
   * The Agora channel of a meeting, for those who take part in it; undefined where it has none. Throws RecordingError
   * `not-participant`, `meeting-ended`.
   */
  async channelOf({
    meetingId,
    userId,
  }: Omit<RecordingRequest, 'userId'> & { userId: string | undefined }): Promise<string | undefined> {
    const meeting = await this.#options.store.meeting(meetingId);
    if (userId !== undefined) requireParticipant(meeting, userId);
    if (meeting.endedAt) throw meetingEnded();
    return meeting.source.kind === 'agora' ? meeting.source.channel : undefined;
  }

  /**
   * Stops the meeting's recording; asking again while it stops is harmless. With a key, the same user asking again is
   * told for a day of the recording that this stopped, also when it has ended or another one runs.
   */
  async stopRecording(
    request: RecordingRequest & { readonly idempotencyKey?: string | undefined },
  ): Promise<{ recording: RecordingSubdocument }> {
    const { meetingId, userId, idempotencyKey } = request;
    const meeting = await this.#options.store.meeting(meetingId);
    requireHost(meeting, userId);
    const key = idempotencyKey === undefined ? undefined : stopKeyOf(userId, idempotencyKey);
    const earlier = key === undefined ? undefined : await this.#stoppedBy(meetingId, key);
    if (earlier !== undefined) {
      const record = await this.#options.stopper.stop(earlier._id, 'StopRequested', { key });
      return { recording: viewOf(meeting, record ?? earlier) };
    }
    const recording = await this.#stop(meeting, 'StopRequested', key);
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

  /** The meeting's recording; while it is active, with figures of this moment: {@link StatusReader}. */
  getRecordingStatus(
    request: RecordingRequest,
  ): Promise<{ recording: RecordingSubdocument; live: LiveFigures | null }> {
    return this.#options.statusReader.status(request);
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
    if (meeting.endedAt) throw meetingEnded();
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
    const object = await objects.get(objectNameOf(record._id));
    return object?.metadata.uid !== record.uid
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

  #stoppedBy(meetingId: string, key: string): Promise<RecordingDocument | undefined> {
    const since = new Date(this.#options.now().getTime() - IDEMPOTENCY_MS);
    return this.#options.store.byStopKey(meetingId, { key, since });
  }

  async #stop(
    meeting: MeetingDocument,
    reason: StopReason,
    key?: string,
  ): Promise<RecordingSubdocument | undefined> {
    const { recordingId, status } = meeting.recording;
    if (recordingId === null || !isActive(status)) return undefined;
    const record = await this.#options.stopper.stop(recordingId, reason, { key });
    return record === undefined ? undefined : viewOf(meeting, record);
  }
}

function meetingEnded(): RecordingError {
  return new RecordingError(
    'meeting-ended',
    'The meeting has ended: the backend opens it again with PUT /api/v1/meetings/ID.',
  );
}
