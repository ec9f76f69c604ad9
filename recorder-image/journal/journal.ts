import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format } from '../contract/formats.ts';
import { acceptedContent } from '../media/accepted-content.ts';
import { readMessage } from '../media/flv-packets.ts';
import { kindOf } from '../media/track.ts';
import type { MessageContent, Packet } from '../media/track.ts';
import type { JournalWriteError } from './append-file.ts';
import type { Track } from './flv.ts';
import { PublisherConfigs } from './publisher-configs.ts';
import { recoverFile } from './recovery.ts';
import { PublisherRefusals } from './refusals.ts';
import { restoredTake } from './released-take.ts';
import type { ReleasedTake } from './released-take.ts';
import type { Refusal } from './refusals.ts';
import { Silences } from './silences.ts';
import type { Stretch } from './silences.ts';
import { TakeTracks } from './take-tracks.ts';
import { endTake, TakeWriter } from './take-writer.ts';
import { Take } from './take.ts';
import { PublisherClock, Timeline } from './timeline.ts';

export interface JournalOptions {
  /** The folder that holds `take-1.flv`, `take-2.flv`, …; it exists. */
  readonly directory: string;
  /** Takes that were there and are in the object store, in order. Default: none. */
  readonly released?: readonly ReleasedTake[];
  /** What is to be made of it: by it codecs are refused. */
  readonly format: Format;
  /** The media, in ms, after which nothing more is taken; it may change. */
  readonly maxDurationMs: () => number;
  /** Unix time in ms. */
  readonly now: () => number;
  /** Called for each take once it has its first media, also for those found in the folder. */
  readonly onTake: (take: Take) => void;
  /** Called once when the disk takes no more. */
  readonly onError: (error: JournalWriteError) => void;
  /** What the disk does not take and is tried again, and undefined once it is taken. Default: nobody is told. */
  readonly onTrouble?: (message: string | undefined) => void;
}

/** What became of a message that was given to the journal. */
export interface Acceptance {
  readonly outcome: 'kept' | 'ignored' | 'beyond-max-duration';
  /** Of a track in it, the first time that one of this codec comes. */
  readonly refusal?: Refusal | undefined;
}

/** What a publisher's messages go through on their way into the journal. One for each connection. */
export interface JournalEntrance {
  /** `timestamp` in ms as RTMP has it, 32 bits. `payload` is copied before this returns. */
  accept: (track: Track, timestamp: number, payload: Buffer) => Acceptance;
}

/**
 * The recording itself: every accepted message, in order, on one timeline, in append-only FLV files. Everything else
 * is derived from these files, and a recorder that starts again goes on with them.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #timeline: Timeline;
  readonly #takes: Take[];
  readonly #closing: Promise<void>[] = [];
  readonly #silences: Silences;
  #durationMs: number;
  #writer: TakeWriter | undefined;
  #isRollingOver = false;

  constructor(options: JournalOptions, recovered: Recovered) {
    this.#options = options;
    this.#timeline = recovered.timeline;
    this.#takes = recovered.takes;
    this.#durationMs = recovered.timeline.headMs;
    this.#silences = recovered.silences;
    const last = recovered.takes.at(-1);
    if (last !== undefined && recovered.tracks !== undefined) {
      const { onError, onTrouble } = options;
      this.#writer = new TakeWriter({ take: last, tracks: recovered.tracks, onError, onTrouble });
    }
    for (const take of this.#takes) options.onTake(take);
  }

  get takes(): readonly Take[] {
    return this.#takes;
  }

  /** Media so far, in ms. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /** When the last media came, as a Unix time in ms; undefined before the first. */
  get lastMediaAt(): number | undefined {
    return this.#takes.length === 0 ? undefined : this.#timeline.headAt;
  }

  /** Where there is no media for a while. */
  get silences(): readonly Stretch[] {
    return this.#silences.stretches;
  }

  /** Bytes in all files. */
  get size(): number {
    return this.#takes.reduce((sum, take) => sum + (take.isReleased ? 0 : take.size), 0);
  }

  /** Whether another take begins with the next key frame. */
  get isRollingOver(): boolean {
    return this.#isRollingOver;
  }

  entrance(): JournalEntrance {
    const { format } = this.#options;
    const refusals = new PublisherRefusals(format);
    const publisher = { clock: new PublisherClock(this.#timeline), configs: new PublisherConfigs() };
    return {
      accept: (track, timestamp, payload) => {
        const all = readMessage({ kind: track, timestampMs: timestamp, payload });
        const content = acceptedContent(all, format);
        const refusal = refusals.of(all, content, timestamp);
        const outcome = this.#accept({ ...publisher, content, track, timestamp, payload });
        return { outcome, refusal };
      },
    };
  }

  /** Begins another take with the next key frame, so that the current one can be finished and released. */
  rollOver(): void {
    this.#isRollingOver = this.#writer !== undefined;
  }

  /** What is to be kept of a take that has ended, so that its file can go. */
  described(take: Take): ReleasedTake {
    const endMs = Math.max(...take.stored.tracks.map(({ lastMs }) => lastMs));
    return {
      ...{ index: take.index, size: take.size, startMs: take.startMs, endMs },
      endedAt: this.#timeline.headAt - (this.#timeline.headMs - endMs),
      silences: this.#silences.stretches.filter(({ toMs }) => toMs <= endMs),
    };
  }

  /** Begins to write what is waiting: for when nothing more will come for a moment. */
  write(): void {
    this.#writer?.write();
  }

  /** Writes what is waiting, and returns when it is in the file. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  /** Writes what is waiting, forces it to the disk and ends the last take. */
  async close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer !== undefined) this.#closing.push(writer.close());
    await Promise.all(this.#closing);
  }

  #accept(message: Message): Acceptance['outcome'] {
    const { clock, configs, content, track, timestamp, payload } = message;
    if (content.packets.length === 0) {
      // Written with the media that it is for: on its own it would only tear a take open.
      configs.announce(content.configs, payload);
      return 'ignored';
    }
    const timestampMs = clock.place(track, timestamp, this.#options.now());
    if (timestampMs >= this.#options.maxDurationMs()) return 'beyond-max-duration';
    configs.announce(content.configs, undefined);
    configs.reconcile(content.packets);
    const writer = this.#writerFor(configs, content);
    if (!configs.areIn(writer.tracks)) {
      for (const { config, payload: announced } of configs.all()) {
        if (announced === undefined || !writer.tracks.lacks(config)) continue;
        writer.append({ track: kindOf(config.track), timestampMs, payload: announced });
      }
      configs.noteIn(writer.tracks);
    }
    writer.append({ track, timestampMs, payload });
    this.#durationMs = Math.max(this.#durationMs, timestampMs);
    this.#silences.observe(timestampMs);
    return 'kept';
  }

  /** The current take, or another one where what the publisher has announced does not fit into it. */
  #writerFor(configs: PublisherConfigs, { packets }: MessageContent): TakeWriter {
    const current = this.#writer;
    const fits =
      current !== undefined &&
      !(this.#isRollingOver && canBegin(packets, current.tracks)) &&
      packets.every((packet) => current.tracks.acceptsMedia(packet)) &&
      configs.fit(current.tracks);
    if (fits) return current;
    if (current !== undefined) this.#closing.push(current.close());
    this.#isRollingOver = false;
    const index = (this.#takes.at(-1)?.index ?? 0) + 1;
    const take = new Take({ index, path: takePath(this.#options.directory, index) });
    this.#writer = new TakeWriter({
      take,
      tracks: new TakeTracks(this.#options.format),
      onError: this.#options.onError,
      onTrouble: this.#options.onTrouble,
    });
    this.#takes.push(take);
    this.#options.onTake(take);
    return this.#writer;
  }
}

/** Whether a take may begin with these packets, where the one before it has these tracks. */
function canBegin(packets: readonly Packet[], { settled }: TakeTracks): boolean {
  const isKey = ({ track, isKeyFrame }: Packet): boolean => kindOf(track) === 'video' && isKeyFrame;
  if (settled === undefined) return false;
  return packets.some(isKey) || ![...settled].some((track) => kindOf(track) === 'video');
}

interface Message {
  readonly clock: PublisherClock;
  readonly configs: PublisherConfigs;
  /** What is accepted of it. */
  readonly content: MessageContent;
  readonly track: Track;
  readonly timestamp: number;
  readonly payload: Buffer;
}

interface Recovered {
  readonly timeline: Timeline;
  readonly takes: Take[];
  /** Of the last take, which may grow. */
  readonly tracks: TakeTracks | undefined;
  readonly silences: Silences;
}

/** Opens the journal in the folder, going on with what is there. Half-written last tags are cut off. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory, format, released = [] } = options;
  const takes: Take[] = [];
  let tracks: TakeTracks | undefined;
  let [headMs, headAt]: [number | undefined, number] = [undefined, 0];
  const silences = new Silences();
  for (const known of released) {
    takes.push(restoredTake(known, takePath(directory, known.index)));
    silences.restore(known.silences, known.endMs);
    [headMs, headAt] = [known.endMs, known.endedAt];
  }
  const before = released.at(-1)?.index ?? 0;
  const indexes = (await readdir(directory))
    .flatMap((name) => takeIndex(name) ?? [])
    .filter((index) => index > before)
    .sort((a, b) => a - b);
  for (const index of indexes) {
    const take = new Take({ index, path: takePath(directory, index) });
    const found = new TakeTracks(format);
    const file = await recoverFile(take.path, (tag) => {
      const content = found.read(tag);
      take.accepted.addAll(content.packets);
      silences.observe(tag.timestampMs);
      found.observe(content, tag.timestampMs);
      headMs = tag.timestampMs;
    });
    if (!found.hasMedia) continue;
    const previous = takes.at(-1);
    if (previous !== undefined && tracks !== undefined) endTake(previous, tracks);
    take.update(file.size, found);
    takes.push(take);
    tracks = found;
    headAt = file.writtenAt;
  }
  return new Journal(options, { timeline: new Timeline({ headMs, headAt }), takes, tracks, silences });
}

function takePath(directory: string, index: number): string {
  return join(directory, `take-${index}.flv`);
}

function takeIndex(name: string): number | undefined {
  const match = /^take-([1-9][0-9]*)\.flv$/.exec(name);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
