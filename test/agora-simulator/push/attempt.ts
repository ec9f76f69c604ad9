import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { Publisher, type PublisherEnd } from './publisher.ts';
import { Relay } from './relay.ts';
import type { MediaSpec, Scene } from './scene.ts';

/** One connection of a push, as `GET /control/pushes` tells of it. */
export interface AttemptReport {
  /** From 1, counted over every converter of the same name. */
  attempt: number;
  converterId: string;
  startedAt: string;
  /** Whether the RTMP server took the stream; without that there is no file. */
  published: boolean;
  endedAt?: string;
  /**
   * `graceful`: everything in the file was sent, and the connection closed in order. `reset`: the connection was cut,
   * and the file's last packets may not have arrived. `killed`, `failed`: FFmpeg ended otherwise, the same holds.
   */
  end?: PublisherEnd | 'reset';
  error?: string;
  frames: number;
  bytes: number;
  pid?: number;
}

export interface AttemptOptions {
  attempt: number;
  converterId: string;
  ffmpeg: string;
  font: string;
  media: MediaSpec;
  scene: Scene;
  rtmpUrl: string;
  localAddress?: string;
  file: string;
  logger: Logger;
}

/** One connection to the RTMP server with the FFmpeg that feeds it. */
export class Attempt {
  readonly file: string;
  /** Resolves once the server has taken the stream. */
  readonly publishing: Promise<void>;
  /** Resolves when FFmpeg and the connection are gone. */
  readonly ended: Promise<void>;
  readonly #options: AttemptOptions;
  readonly #publisher: Publisher;
  readonly #relay: Relay;
  readonly #startedAt = new Date();
  #endedAt: Date | undefined;
  #end: AttemptReport['end'];
  #published = false;
  #wasReset = false;

  private constructor(options: AttemptOptions, relay: Relay, publisher: Publisher) {
    this.#options = options;
    this.file = options.file;
    this.#relay = relay;
    this.#publisher = publisher;
    this.publishing = this.#markPublished();
    this.ended = this.#waitForEnd();
    void this.#endWithoutConnection();
  }

  static async start(options: AttemptOptions): Promise<Attempt> {
    const { rtmpUrl, localAddress, logger } = options;
    const relay = await Relay.listen({
      rtmpUrl,
      logger,
      ...(localAddress !== undefined && { localAddress }),
    });
    const publisher = new Publisher({ ...options, port: relay.port });
    return new Attempt(options, relay, publisher);
  }

  get published(): boolean {
    return this.#published;
  }

  show(scene: Scene): void {
    this.#publisher.show(scene);
  }

  freeze(): void {
    this.#publisher.freeze();
  }

  thaw(): void {
    this.#publisher.thaw();
  }

  /** Ends the stream in order. */
  async stop(): Promise<void> {
    await this.#publisher.quit();
    await this.ended;
  }

  /** Cuts the connection. */
  async reset(): Promise<void> {
    this.#wasReset = true;
    this.#relay.reset();
    this.#publisher.kill();
    await this.ended;
  }

  async report(): Promise<AttemptReport> {
    const error =
      this.#relay.error ?? (this.#end === 'failed' ? this.#publisher.complaints.at(-1) : undefined);
    return {
      attempt: this.#options.attempt,
      converterId: this.#options.converterId,
      startedAt: this.#startedAt.toISOString(),
      published: this.#published,
      ...(this.#endedAt !== undefined && { endedAt: this.#endedAt.toISOString() }),
      ...(this.#end !== undefined && { end: this.#end }),
      ...(error !== undefined && { error }),
      frames: this.#publisher.frames,
      bytes: this.#published ? (await stat(this.file)).size : 0,
      ...(this.#endedAt === undefined && this.#publisher.pid !== undefined && { pid: this.#publisher.pid }),
    };
  }

  async #markPublished(): Promise<void> {
    await this.#publisher.publishing;
    this.#published = true;
  }

  async #endWithoutConnection(): Promise<void> {
    await this.#relay.gone;
    if (!this.#published) this.#publisher.abandon();
  }

  async #waitForEnd(): Promise<void> {
    const end = await this.#publisher.ended;
    await this.#relay.close();
    this.#end = this.#wasReset ? 'reset' : end;
    this.#endedAt = new Date();
  }
}
