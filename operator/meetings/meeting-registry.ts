import { isDuplicateKey } from './database-error.ts';
import { NOTHING_SHOWN } from './meeting.ts';
import type { MeetingDocument, MeetingModel, MeetingSource } from './meeting.ts';

export interface MeetingRegistration {
  readonly meetingId: string;
  readonly host: string;
  readonly creator: string;
  readonly participants: readonly string[];
  readonly source: MeetingSource;
  /** Whether the meeting may be recorded. */
  readonly enabled: boolean;
  readonly autoStart: boolean;
  /** Days that files are kept; absent: as long as the installation keeps them. */
  readonly retentionDays?: number | undefined;
  /** How recordings are arranged; absent: as the installation has it. */
  readonly layout?: MeetingDocument['layout'] | undefined;
  readonly audioOnly?: boolean | undefined;
}

/** The meetings that the backend tells of. */
export class MeetingRegistry {
  readonly #meetings: MeetingModel;
  readonly #now: () => Date;

  constructor(options: { meetings: MeetingModel; now: () => Date }) {
    this.#meetings = options.meetings;
    this.#now = options.now;
  }

  /**
   * Registers a meeting, or changes the one of this id. A recording that runs is left alone: who may stop it changes
   * at once, the source only with the next one.
   */
  async register(registration: MeetingRegistration): Promise<{ meeting: MeetingDocument; isNew: boolean }> {
    const { meetingId, host, creator, participants, source, enabled, autoStart } = registration;
    const { retentionDays, layout, audioOnly } = registration;
    const optional = Object.entries({ retentionDays, layout, audioOnly });
    const change = {
      $set: {
        host,
        creator,
        participants: [...participants],
        source,
        'recording.enabled': enabled,
        'recording.autoStart': autoStart,
        ...Object.fromEntries(optional.filter(([, value]) => value !== undefined)),
      },
      $setOnInsert: Object.fromEntries(
        Object.entries(NOTHING_SHOWN).map(([name, value]) => [`recording.${name}`, value]),
      ),
      $unset: {
        endedAt: 1 as const,
        ...Object.fromEntries(
          optional.filter(([, value]) => value === undefined).map(([name]) => [name, 1 as const]),
        ),
      },
    };
    const upsert = async (): Promise<{ meeting: MeetingDocument; isNew: boolean }> => {
      const before = await this.#meetings.exists({ _id: meetingId });
      const meeting = await this.#meetings
        .findOneAndUpdate({ _id: meetingId }, change, { upsert: true, returnDocument: 'after' })
        .lean<MeetingDocument>();
      if (meeting === null) throw new Error('an upsert returned no document');
      return { meeting, isNew: before === null };
    };
    try {
      return await upsert();
    } catch (error) {
      // Two that register the same new meeting at once: the second finds it there.
      if (!isDuplicateKey(error)) throw error;
      return await upsert();
    }
  }

  /** Remembers that a meeting has ended. */
  async end(meetingId: string): Promise<void> {
    await this.#meetings.updateOne({ _id: meetingId }, { $set: { endedAt: this.#now() } });
  }

  /** The channels of meetings that start by themselves; where there are many, of those that were changed last. */
  async awaitedChannels(limit = 2000): Promise<string[]> {
    const found = await this.#meetings
      .find(
        { 'recording.autoStart': true, 'recording.enabled': true, 'source.kind': 'agora', endedAt: null },
        { 'source.channel': 1 },
      )
      .sort({ updatedAt: -1 })
      .limit(limit)
      .lean<{ source: { channel?: string } }[]>();
    return found.flatMap(({ source: { channel } }) => (channel === undefined ? [] : [channel]));
  }

  /** The meetings that take place in an Agora channel. */
  inChannel(channel: string): Promise<MeetingDocument[]> {
    return this.#meetings.find({ 'source.channel': channel }).limit(100).lean<MeetingDocument[]>();
  }
}
