import { isUid, participantsText, pushNewsText } from '../crd/channel-news.ts';
import type { PushNews } from '../crd/channel-news.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { CONVERTER_PREFIX, PARTICIPANTS_ANNOTATION, PUSH_NEWS_ANNOTATION } from '../crd/names.ts';
import { isTerminal } from '../crd/phases.ts';
import { afterEmptyLook, afterLook, LAG_MS, thoseWhoCount } from './channel-look.ts';
import type { ChannelPerson } from './channel-look.ts';
import { peopleIn } from './channel-presence.ts';
import type { ChannelDocument, ChannelPresence, ChannelSession, PresenceEvent } from './channel-presence.ts';
import { RecordingError } from './errors.ts';
import type { MeetingRegistry } from './meeting-registry.ts';
import type { RecordingService } from './recording-service.ts';
import type { StopReason } from './recording.ts';

interface ChannelWatchOptions {
  readonly presence: ChannelPresence;
  readonly meetings: Pick<MeetingRegistry, 'inChannel'>;
  readonly recordings: Pick<RecordingService, 'startRecording' | 'meetingEnded'>;
  /** The objects of this cluster, as they were last seen, and what can be done to them. */
  readonly objects: {
    readonly list: () => Iterable<MeetingRecording>;
    readonly annotate: (name: string, annotations: Record<string, string>) => Promise<unknown>;
    readonly stop: (name: string, reason: StopReason) => Promise<unknown>;
  };
  /** Milliseconds that the last one who left has to come back. */
  readonly graceMs: number;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

/** A meeting is not recorded because of news older than this, in milliseconds: Agora's own retries end long before. */
export const NEWS_MS = 10 * 60 * 1000;
/** News of a channel got lost: nobody stays in one for as long. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;
/** Tries to tell the objects who is there while that goes on changing; the next look goes on. */
const TELL_TRIES = 5;
/** What a start may be refused with that asking again would not change. */
const SETTLED = new Set(['already-recording', 'recording-disabled', 'recording-refused', 'meeting-ended']);

/**
 * What Agora tells of channels, turned into starts, stops and notes on the objects. Everything is decided from what is
 * stored, so that news may come late, twice, out of order and to any replica; and {@link run} decides it again, for the
 * process that took the news in may have died.
 */
export class ChannelWatch {
  readonly #options: ChannelWatchOptions;

  constructor(options: ChannelWatchOptions) {
    this.#options = options;
  }

  /** Somebody came, left or changed their role. */
  async noted(event: PresenceEvent): Promise<void> {
    const { presence } = this.#options;
    await presence.note(event);
    await this.tellWhoIsIn(event.channel);
    if (event.isIn) await this.#begin(event.channel, event.at);
  }

  async opened(channel: string, at: Date): Promise<void> {
    await this.#options.presence.opened(channel, at);
    await this.#begin(channel, at);
  }

  async destroyed(channel: string, at: Date): Promise<void> {
    await this.#options.presence.ended(channel, at);
    await this.#end(channel, at);
  }

  /**
   * Agora was asked who is in the channel, and listed these: what follows is as if events had told of it. Nobody twice
   * in a row is everybody's leaving.
   */
  async looked(channel: string, people: readonly ChannelPerson[], askedAt: Date): Promise<void> {
    const { presence } = this.#options;
    const asOf = new Date(askedAt.getTime() - LAG_MS);
    let isSomebody = false;
    const isNews = await presence.revise(channel, (known) => {
      const there = thoseWhoCount(known, people);
      isSomebody = there.length > 0;
      return isSomebody ? afterLook(known, there, asOf) : afterEmptyLook(known, askedAt);
    });
    if (isNews) await this.tellWhoIsIn(channel);
    if (isSomebody) await this.#begin(channel, asOf);
  }

  /** A converter pushes no more. Whether that matters is the controller's to say. */
  async pushEnded(news: PushNews & { readonly name?: string | undefined }): Promise<void> {
    const { objects } = this.#options;
    for (const { metadata, spec, status } of this.#active()) {
      const isKnown = status?.agora?.converterId === news.converterId;
      const isNamed = news.name === `${CONVERTER_PREFIX}${metadata.uid}`;
      const isEnding = spec.desiredState === 'Stopped' || status?.phase === 'Stopping';
      if ((isKnown || isNamed) && !isEnding)
        await objects.annotate(metadata.name, { [PUSH_NEWS_ANNOTATION]: pushNewsText(news) });
    }
  }

  /**
   * Writes to the objects whose picture depends on it who is in their channel, as far as that is known.
   *
   * @param options.isCheck only to those that seem to know otherwise
   */
  async tellWhoIsIn(channel: string, options: { isCheck?: boolean } = {}): Promise<void> {
    for (let tries = 0; tries < TELL_TRIES; tries += 1) {
      const arranged = this.#arranged(channel);
      if (arranged.length === 0) return;
      const known = await this.#options.presence.find(channel);
      if (known === undefined) return;
      const uids = peopleIn(known)
        .filter(({ sends, uid }) => sends && isUid(Number(uid)))
        .map(({ uid }) => Number(uid));
      const text = participantsText(uids);
      for (const { metadata } of arranged) {
        // What was seen of the object may be old, so that news is written in any case.
        const isTold = metadata.annotations?.[PARTICIPANTS_ANNOTATION] === text;
        if (options.isCheck === true && isTold) continue;
        await this.#options.objects.annotate(metadata.name, { [PARTICIPANTS_ANNOTATION]: text });
      }
      // Another replica may have written what it knew before, over what is known now: whoever sees more writes again.
      if ((await this.#options.presence.find(channel))?.revision === known.revision) return;
    }
  }

  /** What was missed: starts that failed, channels that nobody came back to, objects that were not told. */
  async run(signal?: AbortSignal): Promise<void> {
    const { presence, graceMs, now } = this.#options;
    for (const { _id, session } of await presence.pending()) {
      signal?.throwIfAborted();
      if (session) await this.#attempt(() => this.#handle(_id, session));
    }
    for (const channel of await presence.quietSince(new Date(now().getTime() - graceMs))) {
      signal?.throwIfAborted();
      await this.#attempt(() => this.#settle(channel));
    }
    for (const channel of new Set(this.#arranged().map(({ spec }) => spec.source.agora?.channel ?? ''))) {
      signal?.throwIfAborted();
      await this.#attempt(() => this.tellWhoIsIn(channel, { isCheck: true }));
    }
  }

  /** Starts what starts by itself, once in a session: whoever has stopped it meanwhile meant that. */
  async #begin(channel: string, at: Date): Promise<void> {
    const { presence } = this.#options;
    const known = await presence.find(channel);
    if (known === undefined || isOver(known, at)) return;
    const session = (await presence.begin(channel, at)) ?? known.session;
    if (session && !session.isHandled) await this.#handle(channel, session);
  }

  async #handle(channel: string, session: ChannelSession): Promise<void> {
    const { presence, meetings, recordings, now } = this.#options;
    const isNews = now().getTime() - session.at.getTime() < NEWS_MS;
    for (const { _id: meetingId, host, recording } of isNews ? await meetings.inChannel(channel) : []) {
      if (!recording.autoStart) continue;
      const idempotencyKey = `agora/${channel}/${session.at.getTime()}`;
      await recordings.startRecording({ meetingId, userId: host, idempotencyKey }).catch(unlessSettled);
    }
    await presence.handled(channel, session);
  }

  async #settle(channel: ChannelDocument): Promise<void> {
    const { presence, now } = this.#options;
    const age = now().getTime() - channel.seenAt.getTime();
    const isEmpty = peopleIn(channel).length === 0;
    const everSeen = Object.keys(channel.participants).length > 0 || Boolean(channel.endedAt);
    if (isEmpty && everSeen && channel.isSettled !== true) {
      await this.#end(channel._id, channel.lastEventAt);
      await presence.settled(channel);
    }
    // Until then it is known what late news is late for.
    if (age > (isEmpty && everSeen ? Math.max(NEWS_MS, this.#options.graceMs) : FORGET_MS))
      await presence.forget(channel);
  }

  async #end(channel: string, at: Date): Promise<void> {
    const { meetings, recordings, objects } = this.#options;
    const registered = await meetings.inChannel(channel);
    for (const { _id } of registered) await recordings.meetingEnded(_id, { startedBefore: at });
    const known = new Set(registered.map(({ _id }) => _id));
    for (const { metadata, spec } of this.#active(channel)) {
      // Those that were not made for a meeting of the database, but with kubectl.
      const isLate = Date.parse(metadata.creationTimestamp) >= at.getTime();
      if (!known.has(spec.meetingId) && !isLate && spec.desiredState !== 'Stopped')
        await objects.stop(metadata.name, 'MeetingEnded');
    }
  }

  #arranged(channel?: string): MeetingRecording[] {
    return this.#active(channel).filter(({ spec }) => (spec.source.agora?.layout ?? 'auto') !== 'auto');
  }

  /** Recordings that are at work, of Agora channels. */
  #active(channel?: string): MeetingRecording[] {
    return [...this.#options.objects.list()].filter(
      ({ spec: { source }, status }) =>
        source.agora !== undefined &&
        !isTerminal(status?.phase) &&
        (channel === undefined || source.agora.channel === channel),
    );
  }

  async #attempt(job: () => Promise<void>): Promise<void> {
    try {
      await job();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

/** Whether nobody is in the channel any more, as later news have told. */
function isOver(channel: ChannelDocument, at: Date): boolean {
  if (peopleIn(channel).length > 0) return false;
  const signs = [channel.endedAt, ...Object.values(channel.participants).map((presence) => presence.at)];
  return signs.some((sign) => sign && at <= sign);
}

function unlessSettled(error: unknown): void {
  if (error instanceof RecordingError && SETTLED.has(error.code)) return;
  throw error;
}
