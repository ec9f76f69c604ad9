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
  #packets: Packet[] = [];
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #changed = Promise.withResolvers<void>();
  #failure: unknown;
  #read = 0;
  #written = 0;
  #waiting = false;
  #lastMs: number;

  constructor(options: AudioStretchOptions, startMs: number) {
    const { config, ffmpegPath, startFfmpeg, live, onLog } = options;
    this.#options = options;
    this.#startMs = startMs;
    this.#lastMs = startMs;
    const output = new PassThrough();
    this.#input.write(fileHeader(new Set(['audio'])));
    this.#input.on('drain', () => this.#change());
    // How the process ended says why.
    this.#input.on('error', () => undefined);
    this.#process = startFfmpeg({
      ffmpegPath,
      input: this.#input,
      ...aacEncoding(config),
      output,
      live,
      onLog,
    });
    void this.#readAll(output);
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
    if (this.#gatheredBytes < BATCH_BYTES) return;
    this.#send();
    await this.#until(() => !this.#input.writableNeedDrain);
  }

  /** Takes the packets before this time, waiting for them. Throws {@link FfmpegError}. */
  async take(untilMs: number): Promise<readonly Packet[]> {
    if (untilMs <= this.#startMs) return [];
    this.#send();
    await this.#until(() => (this.#packets.at(-1)?.dtsMs ?? 0) >= untilMs);
    return this.#packets.splice(
      0,
      this.#packets.findIndex(({ dtsMs }) => dtsMs >= untilMs),
    );
  }

  /** Takes all packets that are left. Nothing more may be written. Throws {@link FfmpegError}. */
  async end(): Promise<readonly Packet[]> {
    this.#send();
    this.#input.end();
    await this.#until(() => this.#over.signal.aborted);
    return this.#packets;
  }

  close(): void {
    this.#process.kill();
  }

  #send(): void {
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#written += bytes.length;
    this.#input.write(bytes);
  }

  async #readAll(output: PassThrough): Promise<void> {
    try {
      for await (const { track: kind, timestampMs, payload } of flvTags(output)) {
        this.#read += 1;
        for (const packet of readMessage({ kind, timestampMs, payload }).packets) this.#keep(packet);
        this.#change();
      }
      await this.#process.done;
      if (!this.#input.writableEnded) throw new FfmpegError('FFmpeg ended before its input did');
    } catch (error) {
      // The process knows better than its output why that has ended.
      this.#failure = await this.#process.done.then(
        () => error,
        (reason: unknown) => reason,
      );
    } finally {
      this.#over.abort();
      this.#change();
    }
  }

  #keep(packet: Packet): void {
    if (packet.dtsMs < START_MS) return;
    const dtsMs = packet.dtsMs - START_MS + this.#startMs;
    this.#packets.push({ ...packet, track: this.#options.config.track, dtsMs, ptsMs: dtsMs });
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #until(isSo: () => boolean): Promise<void> {
    this.#waiting = true;
    while (this.#failure === undefined && !isSo()) await this.#changed.promise;
    this.#waiting = false;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #killWhenStuck(): Promise<void> {
    await killWhenStuck(
      {
        process: this.#process,
        isBusy: () => this.#waiting,
        progress: () => Promise.resolve([this.#read, this.#written - this.#input.readableLength]),
        onStuck: () => this.#options.onLog('FFmpeg does not move any more; killing it'),
        stuckAfterMs: this.#options.stuckAfterMs,
      },
      this.#over.signal,
    );
  }
}
