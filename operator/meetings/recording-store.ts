import { isDuplicateKey } from './database-error.ts';
import { RecordingError } from './errors.ts';
import { NOTHING_SHOWN } from './meeting.ts';
import type { MeetingDocument, MeetingModel, ShownRecording } from './meeting.ts';
import { withOwed } from './recording-events.ts';
import type { RecordingEvent } from './recording-events.ts';
import { isRecordOf, successorId } from './record-identity.ts';
import type { ObjectIdentity } from './record-identity.ts';
import { meetingGate, recordingGate } from './recording.ts';
import type { RecordingDocument, RecordingModel } from './recording.ts';
import { ACTIVE_STATUSES, RESTING_STATUSES } from './recording-status.ts';

/** Writers of one recording are few: whoever loses this often in a row is up against a fault. */
const MAX_TRIES = 20;

/**
 * The recordings in the database, and each meeting's `recording`, which shows the latest of them. Single documents are
 * updated on conditions only: neither transactions nor change streams are needed.
 */
export class RecordingStore {
  readonly #meetings: MeetingModel;
  readonly #recordings: RecordingModel;
  readonly #cluster: string;
  readonly #isAnnounced: boolean;

  /** @param options.isAnnounced what happens to recordings is noted for the outbox */
  constructor(options: {
    meetings: MeetingModel;
    recordings: RecordingModel;
    cluster: string;
    isAnnounced?: boolean;
  }) {
    this.#meetings = options.meetings;
    this.#recordings = options.recordings;
    this.#cluster = options.cluster;
    this.#isAnnounced = options.isAnnounced ?? false;
  }

  async meeting(meetingId: string): Promise<MeetingDocument> {
    const meeting = await this.#meetings.findOne({ _id: meetingId }).lean<MeetingDocument>();
    if (meeting !== null) return meeting;
    throw new RecordingError(
      'meeting-not-found',
      'There is no meeting of this id: register it with PUT /api/v1/meetings/ID first.',
    );
  }

  async find(recordingId: string): Promise<RecordingDocument | undefined> {
    return (await this.#recordings.findOne({ _id: recordingId }).lean<RecordingDocument>()) ?? undefined;
  }

  /** What may be the recording of this object: that one alone where it is the first of its name. */
  async named(object: ObjectIdentity): Promise<RecordingDocument[]> {
    const first = await this.find(object.name);
    if (first !== undefined && isRecordOf(first, object)) return [first];
    // One read each: not every database looks up several ids without reading all there are.
    const later = await this.find(successorId(object));
    return [first, later].filter((record) => record !== undefined);
  }

  /** The recording that holds the meeting's gate. */
  async active(meetingId: string): Promise<RecordingDocument | undefined> {
    const gate = meetingGate(meetingId);
    return (await this.#recordings.findOne({ gate }).lean<RecordingDocument>()) ?? undefined;
  }

  /**
   * Recordings of a meeting, latest first.
   *
   * @param options.after lists those that come after this one
   */
  ofMeeting(
    meetingId: string,
    options: { after?: RecordingDocument | undefined; limit: number },
  ): Promise<RecordingDocument[]> {
    const { after, limit } = options;
    const page =
      after === undefined
        ? {}
        : {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after._id } },
            ],
          };
    return this.#recordings
      .find({ meetingId, isUndone: false, ...page })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<RecordingDocument[]>();
  }

  /** The latest recording of a meeting that this user asked for with this key, since then. */
  async byIdempotencyKey(
    meetingId: string,
    request: { userId: string; key: string; since: Date },
  ): Promise<RecordingDocument | undefined> {
    const record = await this.#recordings
      .findOne({
        meetingId,
        isUndone: false,
        requestedBy: request.userId,
        idempotencyKey: request.key,
        createdAt: { $gt: request.since },
      })
      .sort({ createdAt: -1 })
      .lean<RecordingDocument>();
    return record ?? undefined;
  }

  /** The latest recording of a meeting that a stop with this key stopped, since then. */
  async byStopKey(
    meetingId: string,
    request: { key: string; since: Date },
  ): Promise<RecordingDocument | undefined> {
    const record = await this.#recordings
      .findOne({ meetingId, stopKeys: request.key, stopAskedAt: { $gt: request.since } })
      .sort({ createdAt: -1 })
      .lean<RecordingDocument>();
    return record ?? undefined;
  }

  /** Recordings of this cluster that have not ended, and those whose start is being undone. */
  unfinished(): Promise<RecordingDocument[]> {
    return this.#recordings
      .find({ cluster: this.#cluster, $or: [{ status: { $in: [...ACTIVE_STATUSES] } }, { isUndone: true }] })
      .lean<RecordingDocument[]>();
  }

  /** Shows again what meetings with an active recording show, where that went on without them. */
  async showAgain(): Promise<void> {
    const meetings = await this.#meetings
      .find({ 'recording.status': { $in: [...ACTIVE_STATUSES] } })
      .lean<MeetingDocument[]>();
    for (const { shown } of meetings) {
      const record = shown ? await this.find(shown.recordingId) : undefined;
      if (record !== undefined) await this.show(record);
    }
  }

  /** Adds a recording; false where its name or its gate is taken. */
  async add(record: RecordingDocument): Promise<boolean> {
    try {
      await this.#recordings.create([record]);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /**
   * Changes a recording, and only from the state that `change` was given: where somebody else was quicker, it is given
   * the new state and asked again. Returns the recording as it stands afterwards.
   *
   * @param known what was read or written just now, which saves reading it again
   */
  async change(
    recordingId: string,
    change: (record: RecordingDocument | undefined) => RecordingDocument | undefined,
    known?: RecordingDocument,
  ): Promise<RecordingDocument | undefined> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const record = attempt === 0 && known !== undefined ? known : await this.find(recordingId);
      const changed = change(record);
      if (changed === undefined) return record;
      const next = this.#isAnnounced ? withOwed(changed) : changed;
      if (record === undefined) {
        if (await this.add(next)) return next;
        continue;
      }
      const { _id, ...fields } = next;
      const { modifiedCount } = await this.#recordings.updateOne(
        { _id, revision: record.revision },
        { $set: fields },
      );
      if (modifiedCount === 1) return next;
    }
    throw new Error(`recording ${recordingId} kept changing while it was being changed`);
  }

  /** Recordings of this cluster that ended before then and may have something in S3; the earliest first. */
  finishedBefore(before: Date, filter: { meetingId?: string }): AsyncIterable<RecordingDocument> {
    return this.#recordings
      .find({
        ...filter,
        cluster: this.#cluster,
        status: { $in: [...RESTING_STATUSES] },
        completedAt: { $lt: before },
        deletedAt: null,
        $or: [{ fileKey: { $ne: null } }, { folder: { $ne: null } }],
        legalHold: { $ne: true },
      })
      .sort({ completedAt: 1 })
      .lean<RecordingDocument[]>()
      .cursor() as AsyncIterable<RecordingDocument>;
  }

  /** Meetings with a retention of their own. */
  meetingsWithRetention(): Promise<Pick<MeetingDocument, '_id' | 'retentionDays'>[]> {
    return this.#meetings
      .find({ retentionDays: { $gt: 0 } }, { retentionDays: 1 })
      .lean<Pick<MeetingDocument, '_id' | 'retentionDays'>[]>();
  }

  /** Days; undefined where the meeting has none of its own, or is not known. */
  async retentionOf(meetingId: string): Promise<number | undefined> {
    const meeting = await this.#meetings
      .findOne({ _id: meetingId }, { retentionDays: 1 })
      .lean<Pick<MeetingDocument, 'retentionDays'>>();
    return meeting?.retentionDays ?? undefined;
  }

  /** Recordings of this cluster that owe the backend an event. */
  owing(): Promise<RecordingDocument[]> {
    return this.#recordings.find({ cluster: this.#cluster, owing: true }).lean<RecordingDocument[]>();
  }

  /** Notes that these events are in the outbox, unless the recording has changed since: then they are put there again. */
  async settle(record: RecordingDocument, events: readonly RecordingEvent[]): Promise<void> {
    const told = [...new Set([...(record.told ?? []), ...events])];
    await this.#recordings.updateOne(
      { _id: record._id, revision: record.revision },
      { $set: { told, owed: [], owing: false } },
    );
  }

  /** Removes a recording whose start was refused, and shows the one before it. */
  async removeUndone(record: RecordingDocument): Promise<void> {
    const [previous] = await this.ofMeeting(record.meetingId, { limit: 1 });
    const shows = { _id: record.meetingId, 'shown.recordingId': record._id };
    await (previous === undefined
      ? this.#meetings.updateOne(shows, { $set: shownFields(NOTHING_SHOWN), $unset: { shown: 1 } })
      : this.#meetings.updateOne(shows, { $set: showing(previous) }));
    await this.#recordings.deleteOne({ _id: record._id, isUndone: true });
  }

  /**
   * Moves a meeting at rest to `starting`, showing this recording; undefined where it isn't at rest, recording is
   * disabled, or there is no such meeting.
   */
  async begin(record: RecordingDocument): Promise<MeetingDocument | undefined> {
    const meeting = await this.#meetings
      .findOneAndUpdate(
        {
          _id: record.meetingId,
          'recording.enabled': { $ne: false },
          endedAt: null,
          'recording.status': { $in: [...RESTING_STATUSES] },
        },
        { $set: showing(record) },
        { returnDocument: 'after' },
      )
      .lean<MeetingDocument>();
    return meeting ?? undefined;
  }

  /** Has the recording's meeting show it, unless it shows a later recording or a later state of this one. */
  async show(record: RecordingDocument): Promise<void> {
    if (record.isUndone) return;
    const meeting = await this.#meetings
      .findOne({ _id: record.meetingId }, { shown: 1 })
      .lean<Pick<MeetingDocument, 'shown'>>();
    // Most often it does so already, and reading costs less than an update that matches nothing.
    if (meeting === null || isShownBy(meeting, record)) return;
    await this.#meetings.updateOne(
      {
        _id: record.meetingId,
        $or: [
          { 'shown.recordingId': record._id, 'shown.revision': { $lt: record.revision } },
          { 'shown.recordingId': { $ne: record._id }, 'shown.createdAt': { $lt: record.createdAt } },
          // The API server counts in seconds: of two of the same one, the list's order decides here as well.
          { 'shown.recordingId': { $lt: record._id }, 'shown.createdAt': record.createdAt },
          { shown: null },
        ],
      },
      { $set: showing(record) },
    );
  }
}

/** Marks a recording whose start was refused. */
export function undone(record: RecordingDocument): RecordingDocument {
  return {
    ...record,
    isUndone: true,
    status: 'failed',
    gate: recordingGate(record._id),
    revision: record.revision + 1,
  };
}

function isShownBy({ shown }: Pick<MeetingDocument, 'shown'>, record: RecordingDocument): boolean {
  if (!shown) return false;
  if (shown.recordingId === record._id) return shown.revision >= record.revision;
  const later = shown.createdAt.getTime() - record.createdAt.getTime();
  return later > 0 || (later === 0 && shown.recordingId > record._id);
}

function showing(record: RecordingDocument): Record<string, unknown> {
  const { _id: recordingId, createdAt, revision, uid } = record;
  return { ...shownFields({ ...record, recordingId }), shown: { recordingId, createdAt, revision, uid } };
}

function shownFields(shown: ShownRecording): Record<string, unknown> {
  const names = Object.keys(NOTHING_SHOWN) as (keyof ShownRecording)[];
  return Object.fromEntries(names.map((name) => [`recording.${name}`, shown[name] ?? null]));
}
