import { PassThrough } from 'node:stream';
import { fileHeader, tagSize, writeTag } from '../journal/flv.ts';
import { readMessage } from '../media/flv-packets.ts';
import type { Packet, TrackConfig } from '../media/track.ts';
import type { FfmpegOptions, FfmpegProcess } from './ffmpeg.ts';
import { FfmpegError } from './ffmpeg.ts';
import { flvTags } from './flv-stream.ts';
import { killWhenStuck } from './kill-when-stuck.ts';
import { aacEncoding } from './recipes.ts';

export interface AudioStretchOptions {
  /** What comes in. */
  readonly config: TrackConfig;
  readonly ffmpegPath: string;
  readonly startFfmpeg: (options: FfmpegOptions) => FfmpegProcess;
  /** Whether it is being recorded. */
  readonly live: boolean;
  readonly onLog: (line: string) => void;
  readonly stuckAfterMs?: number | undefined;
}

/**
 * What FFmpeg's time begins at, in ms: the encoder's first packet is there for the sake of the second, has a time before
 * the beginning, and would shift everything if there were no room for it.
 */
const START_MS = 1000;

/** Packets are small, and each write is a call of the system. */
const BATCH_BYTES = 16 * 1024;

/** Audio without a gap, encoded by one FFmpeg. */
export class AudioStretch {
  readonly #options: AudioStretchOptions;
  readonly #startMs: number;
  readonly #input = new PassThrough();
  readonly #process: FfmpegProcess;
  readonly #over = new AbortController();
  readonly #reading: Promise<void>;
  #packets: Packet[] = [];
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #moved = Promise.withResolvers<void>();
  #read = 0;
  #written = 0;
  #waiting = 0;
  #lastMs: number;

  constructor(options: AudioStretchOptions, startMs: number) {
    const { config, ffmpegPath, startFfmpeg, live, onLog } = options;
    this.#options = options;
    this.#startMs = startMs;
    this.#lastMs = startMs;
    const output = new PassThrough();
    this.#input.write(fileHeader(new Set(['audio'])));
    // It is told to whoever waits for the output.
    this.#input.on('error', () => undefined);
    this.#process = startFfmpeg({
      ffmpegPath,
      input: this.#input,
      ...aacEncoding(config),
      output,
      live,
      onLog,
    });
    this.#reading = this.#readAll(output);
    this.#reading.catch(() => undefined);
    void this.#killWhenStuck();
  }

  /** The last time that was written, in ms. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Returns when there is room for more. Throws {@link FfmpegError}. */
  async write({ dtsMs, payload }: Packet): Promise<void> {
    this.#lastMs = dtsMs;
    const bytes = Buffer.concat([this.#options.config.record, payload]);
    const tag = Buffer.alloc(tagSize(bytes.length));
    writeTag(tag, 0, { track: 'audio', timestampMs: dtsMs - this.#startMs + START_MS, payload: bytes });
    this.#gathered.push(tag);
    this.#gatheredBytes += tag.length;
    if (this.#gatheredBytes < BATCH_BYTES || this.#send()) return;
    const drained = new Promise<void>((resolve) => void this.#input.once('drain', resolve));
    await this.#wait(Promise.race([drained, this.#reading]));
  }

  /** Takes the packets before this time, waiting for them. Throws {@link FfmpegError}. */
  async take(untilMs: number): Promise<readonly Packet[]> {
    if (untilMs <= this.#startMs) return [];
    this.#send();
    const isThere = (): boolean => (this.#packets.at(-1)?.dtsMs ?? -1) >= untilMs;
    while (!isThere() && !this.#over.signal.aborted) {
      await this.#wait(Promise.race([this.#moved.promise, this.#reading]));
    }
    const count = this.#packets.findIndex(({ dtsMs }) => dtsMs >= untilMs);
    return this.#packets.splice(0, count < 0 ? this.#packets.length : count);
  }

  /** Takes all packets that are left. Nothing more may be written. Throws {@link FfmpegError}. */
  async end(): Promise<readonly Packet[]> {
    this.#send();
    this.#input.end();
    await this.#wait(this.#reading);
    return this.#packets;
  }

  close(): void {
    this.#process.kill();
  }

  /** Whether there is room for more. */
  #send(): boolean {
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#written += bytes.length;
    return this.#input.write(bytes);
  }

  async #readAll(output: PassThrough): Promise<void> {
    try {
      for await (const { track: kind, timestampMs, payload } of flvTags(output)) {
        this.#read += 1;
        const { packets } = readMessage({ kind, timestampMs, payload });
        for (const packet of packets) this.#keep(packet);
      }
      await this.#process.done;
      if (!this.#input.writableEnded) throw new FfmpegError('FFmpeg ended before its input did');
    } catch (error) {
      // The process knows better than its output why that has ended.
      await this.#process.done;
      throw error;
    } finally {
      this.#over.abort();
    }
  }

  #keep(packet: Packet): void {
    if (packet.dtsMs < START_MS) return;
    const dtsMs = packet.dtsMs - START_MS + this.#startMs;
    this.#packets.push({ ...packet, track: this.#options.config.track, dtsMs, ptsMs: dtsMs });
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  async #wait(what: Promise<unknown>): Promise<void> {
    this.#waiting += 1;
    try {
      await what;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #killWhenStuck(): Promise<void> {
    await killWhenStuck(
      {
        process: this.#process,
        isBusy: () => this.#waiting > 0,
        progress: () => Promise.resolve([this.#read, this.#written - this.#input.readableLength]),
        onStuck: () => this.#options.onLog('FFmpeg does not move any more; killing it'),
        stuckAfterMs: this.#options.stuckAfterMs,
      },
      this.#over.signal,
    );
  }
}
