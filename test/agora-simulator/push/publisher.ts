import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import { backgroundSource, commandsBetween, filterGraph } from './filter-graph.ts';
import type { MediaSpec, Scene } from './scene.ts';

const SETPRIV = '/usr/bin/setpriv';
const QUIT_LIMIT_MS = 5000;
/** Samples in a frame of AAC. */
const AAC_FRAME = 1024;
const COMMAND_CHATTER = /^$|^Enter command:|^Command reply .* ret:0 /;

export interface PublisherOptions {
  ffmpeg: string;
  font: string;
  media: MediaSpec;
  scene: Scene;
  /** Where the RTMP connection goes: a relay on this machine. */
  port: number;
  /** The address that the connection is for. */
  rtmpUrl: string;
  /** Every packet that was written to the connection is written here, after it. */
  file: string;
  logger: Logger;
}

/** How FFmpeg ended: by itself after it was asked to, killed because it did not, or on its own account. */
export type PublisherEnd = 'graceful' | 'killed' | 'failed';

/** One FFmpeg that makes a meeting's picture and sound and publishes them, in real time, to one RTMP connection. */
export class Publisher {
  /** Resolves when the first frames have been accepted by the RTMP server; never where that does not happen. */
  readonly publishing: Promise<void>;
  readonly ended: Promise<PublisherEnd>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #media: MediaSpec;
  readonly #slots: number;
  readonly #complaints: string[] = [];
  #scene: Scene;
  #frames = 0;
  #asked: 'no' | 'quit' | 'kill' = 'no';

  constructor(options: PublisherOptions) {
    const { media, scene, logger } = options;
    this.#media = media;
    this.#scene = scene;
    // Room for people who come later; a graph cannot grow while it runs.
    this.#slots = Math.max(4, scene.length);
    // Should the simulator be killed, the kernel ends what it started.
    const [command, ...prefix] = existsSync(SETPRIV)
      ? [SETPRIV, '--pdeathsig', 'KILL', options.ffmpeg]
      : [options.ffmpeg];
    const child = spawn(command ?? options.ffmpeg, [...prefix, ...ffmpegArguments(options, this.#slots)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    // Writing to an FFmpeg that has just ended is no error of ours: its end is reported by `ended`.
    child.stdin.on('error', (error) => logger.debug({ err: error }, 'FFmpeg reads no more commands'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (COMMAND_CHATTER.test(line)) return;
      logger.debug({ line }, 'FFmpeg');
      this.#complaints.push(line);
      if (this.#complaints.length > 10) this.#complaints.shift();
    });
    this.publishing = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const frames = framesOf(line, media);
        if (frames === undefined) return;
        this.#frames = frames;
        if (frames > 0) resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#complaints.push(error.message);
        resolve('failed');
      });
      child.once('close', (code) => resolve(this.#outcome(code)));
    });
  }

  get frames(): number {
    return this.#frames;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** FFmpeg's last words. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  show(scene: Scene): void {
    const commands = commandsBetween(this.#media, this.#scene, scene, this.#slots);
    this.#scene = scene;
    for (const command of commands) this.#child.stdin.write(`c${command}\n`);
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the stream in order: encoders flushed, RTMP told, the file complete. */
  async quit(): Promise<PublisherEnd> {
    this.thaw();
    this.#asked = 'quit';
    this.#child.stdin.write('q');
    const limit = setTimeout(() => this.kill(), QUIT_LIMIT_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(limit);
    }
  }

  /** Its connection is gone, at which it ends; now and then one that was still beginning does not, and is killed. */
  abandon(): void {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), QUIT_LIMIT_MS);
    void this.ended.finally(() => clearTimeout(limit));
  }

  kill(): void {
    this.#asked = 'kill';
    this.#child.kill('SIGKILL');
  }

  #outcome(code: number | null): PublisherEnd {
    if (this.#asked === 'kill') return 'killed';
    return this.#asked === 'quit' && code === 0 ? 'graceful' : 'failed';
  }
}

function ffmpegArguments(options: PublisherOptions, slots: number): string[] {
  const { media, scene, font } = options;
  const audio =
    media.audio === undefined
      ? []
      : [
          '-map',
          '[audio]',
          '-c:a',
          'aac',
          '-b:a',
          `${media.audio.kbps}k`,
          '-ar',
          String(media.audio.sampleRate),
        ];
  return [
    ...['-hide_banner', '-loglevel', 'warning', '-nostats', '-progress', 'pipe:1', '-stats_period', '0.2'],
    ...['-f', 'lavfi', '-i', backgroundSource(media)],
    ...['-filter_complex_threads', '1', '-filter_complex', filterGraph(media, scene, slots, font)],
    ...(media.hasVideo ? videoArguments(media) : []),
    ...audio,
    ...['-flags', '+global_header', '-y', '-f', 'tee', teeOutputs(options)],
  ];
}

function videoArguments(media: MediaSpec): string[] {
  const kbps = `${media.videoKbps}k`;
  return [
    ...[
      '-map',
      '[video]',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-tune',
      'zerolatency',
      '-threads',
      '1',
    ],
    ...['-profile:v', media.h264Profile, '-g', String(media.gop)],
    ...['-b:v', kbps, '-maxrate', kbps, '-bufsize', kbps],
    // A picture this plain needs few bits: filler makes the stream as heavy as the one that was asked for.
    ...['-x264-params', 'nal-hrd=cbr:qpmin=24'],
  ];
}

/** How far FFmpeg is, by a line of its progress: frames of video, or of AAC where there is no picture. */
function framesOf(line: string, { hasVideo, audio }: MediaSpec): number | undefined {
  if (hasVideo) return line.startsWith('frame=') ? Number(line.slice('frame='.length)) : undefined;
  const microseconds = Number(
    line.startsWith('out_time_us=') ? line.slice('out_time_us='.length) : Number.NaN,
  );
  if (!Number.isFinite(microseconds)) return undefined;
  return Math.max(0, Math.floor((microseconds / 1e6) * ((audio?.sampleRate ?? 48_000) / AAC_FRAME)));
}

/** RTMP first: what could not be sent is not in the file. Each packet is flushed, so a kill loses none that was sent. */
function teeOutputs({ port, rtmpUrl, file }: PublisherOptions): string {
  const { tcUrl, app, playPath } = rtmpParts(rtmpUrl);
  const flv = 'f=flv:onfail=abort:flvflags=no_duration_filesize:flush_packets=1';
  const rtmp = `rtmp_tcurl=${escaped(tcUrl)}:rtmp_app=${escaped(app)}:rtmp_playpath=${escaped(playPath)}`;
  return `[${flv}:${rtmp}]rtmp://127.0.0.1:${port}/|[${flv}]${file}`;
}

/** rtmp://host[:port]/app/stream key: the application is the first part of the path, the rest is the key. */
export function rtmpParts(rtmpUrl: string): { tcUrl: string; app: string; playPath: string } {
  const url = new URL(rtmpUrl);
  const path = rtmpUrl.slice(rtmpUrl.indexOf(url.host) + url.host.length + 1);
  const slash = path.indexOf('/');
  const app = slash < 0 ? path : path.slice(0, slash);
  return {
    tcUrl: `${url.protocol}//${url.host}/${app}`,
    app,
    playPath: slash < 0 ? '' : path.slice(slash + 1),
  };
}

/** Past both of the tee muxer's parsers. */
function escaped(value: string): string {
  return value.replace(/[\\:'|[\]=]/g, String.raw`\\$&`);
}
