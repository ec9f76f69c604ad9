import { setTimeout as sleep } from 'node:timers/promises';
import type { Channels } from '../channels.ts';
import type { Faults, PushFault } from '../faults.ts';
import type { SimulatorOptions } from '../options.ts';
import type { ConverterSpec } from '../rest/schemas.ts';
import type { Archive } from './archive.ts';
import { Attempt } from './attempt.ts';
import { mediaOf, sceneOf } from './scene.ts';

export type PushState = 'connecting' | 'running' | 'failed';

export interface PushOptions {
  name: string;
  converterId: string;
  channel: string;
  spec: ConverterSpec;
  channels: Channels;
  faults: Faults;
  archive: Archive;
  simulator: SimulatorOptions;
  onState: (state: PushState) => void;
}

/** One converter's work: it connects, pushes, connects again when the connection is lost, until it is stopped. */
export class Push {
  readonly #options: PushOptions;
  readonly #stopping = new AbortController();
  readonly #work: Promise<void>;
  #spec: ConverterSpec;
  #state: PushState = 'connecting';
  #attempt: Attempt | undefined;
  #localAddress: string | undefined;
  #moving = false;
  #pauseSeconds: number | undefined;
  #failingSince: number | undefined;

  constructor(options: PushOptions) {
    this.#options = options;
    this.#spec = options.spec;
    options.channels.on('changed', this.#onChannelChanged);
    this.#work = this.#run();
  }

  get state(): PushState {
    return this.#state;
  }

  /** Between two servers of Agora's, where Get knows nothing of the converter. */
  get moving(): boolean {
    return this.#moving;
  }

  /** Ends the push in order; resolves when its connection is closed. */
  async stop(): Promise<void> {
    this.#options.channels.off('changed', this.#onChannelChanged);
    this.#stopping.abort();
    await this.#attempt?.stop();
    await this.#work;
  }

  /** A new address means a new connection; anything else changes the running picture. */
  async update(spec: ConverterSpec): Promise<void> {
    const moved = spec.rtmpUrl !== this.#spec.rtmpUrl;
    this.#spec = spec;
    if (!moved) return this.#redraw();
    this.#failingSince = undefined;
    this.#pauseSeconds = 0;
    await this.#attempt?.stop();
  }

  async misbehave(fault: PushFault): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    switch (fault.kind) {
      case 'late-start':
        return;
      case 'drop':
        this.#pauseSeconds = fault.reconnectSeconds;
        return attempt.reset();
      case 'stall':
        attempt.freeze();
        await this.#wait(fault.seconds);
        return attempt.thaw();
      case 'fail-over':
        this.#localAddress = fault.localAddress;
        this.#pauseSeconds = fault.seconds;
        this.#moving = true;
        return attempt.reset();
      case 'fail':
        this.#setState('failed');
        return attempt.reset();
    }
  }

  readonly #onChannelChanged = (channel: string): void => {
    if (channel === this.#options.channel) this.#redraw();
  };

  #redraw(): void {
    const { channels, channel } = this.#options;
    this.#attempt?.show(sceneOf(this.#spec, channels.participants(channel)));
  }

  async #run(): Promise<void> {
    const { name, channel, faults, simulator } = this.#options;
    const arranged = faults.takePush({ name, channel });
    for (const fault of arranged) {
      if (fault.kind === 'late-start') await this.#wait(fault.seconds);
    }
    let pending = arranged;
    while (!this.#stopping.signal.aborted && this.#state !== 'failed') {
      if (this.#options.channels.participants(channel).length === 0) {
        await this.#wait(0.1);
        continue;
      }
      const published = await this.#connect(pending);
      if (published) pending = [];
      if (!published && this.#hasFailedTooLong()) this.#setState('failed');
      const pause = this.#pauseSeconds ?? simulator.pushRetrySeconds;
      this.#pauseSeconds = undefined;
      await this.#wait(pause);
      this.#moving = false;
    }
  }

  /** One connection from beginning to end; false where the server never took it. */
  async #connect(arranged: readonly PushFault[]): Promise<boolean> {
    const { name, converterId, channel, channels, archive, simulator } = this.#options;
    const place = await archive.next(name);
    const attempt = await Attempt.start({
      ...place,
      converterId,
      ffmpeg: simulator.ffmpeg,
      font: simulator.font,
      media: mediaOf(this.#spec),
      scene: sceneOf(this.#spec, channels.participants(channel)),
      rtmpUrl: this.#spec.rtmpUrl,
      ...(this.#localAddress !== undefined && { localAddress: this.#localAddress }),
      logger: simulator.logger.child({ converter: name, attempt: place.attempt }),
    });
    this.#attempt = attempt;
    archive.add(name, attempt);
    // Stopped, or people came or went, while the connection was being made.
    if (this.#stopping.signal.aborted) await attempt.stop();
    else this.#redraw();
    await Promise.race([attempt.publishing, attempt.ended]);
    if (attempt.published) {
      this.#failingSince = undefined;
      this.#setState('running');
      const over = new AbortController();
      const misbehaving = arranged.map(async (fault) => this.#misbehaveLater(fault, over.signal));
      await attempt.ended;
      over.abort();
      await Promise.all(misbehaving);
    }
    await attempt.ended;
    this.#attempt = undefined;
    if (this.#state === 'running' && !this.#stopping.signal.aborted) this.#setState('connecting');
    return attempt.published;
  }

  async #misbehaveLater(fault: PushFault, over: AbortSignal): Promise<void> {
    if (fault.kind === 'late-start') return;
    await this.#wait(fault.afterSeconds, over);
    if (!over.aborted) await this.misbehave(fault);
  }

  #hasFailedTooLong(): boolean {
    const now = performance.now();
    this.#failingSince ??= now;
    return now - this.#failingSince > this.#options.simulator.pushFailSeconds * 1000;
  }

  #setState(state: PushState): void {
    if (this.#state === state || this.#state === 'failed') return;
    this.#state = state;
    this.#options.onState(state);
  }

  /** Ends early, without an error, when the push is stopped. */
  async #wait(seconds: number, also?: AbortSignal): Promise<void> {
    const stopping = this.#stopping.signal;
    const signal = also === undefined ? stopping : AbortSignal.any([stopping, also]);
    await sleep(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
