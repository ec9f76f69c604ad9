import { randomBytes } from 'node:crypto';
import type { Channels } from './channels.ts';
import type { Faults } from './faults.ts';
import type { SimulatorOptions } from './options.ts';
import type { Archive } from './push/archive.ts';
import { Push, type PushState } from './push/push.ts';
import { mediaOf } from './push/scene.ts';
import type { ConverterChanges, ConverterSpec } from './rest/schemas.ts';
import type { Notifier } from './webhooks/notifier.ts';
import { notifyOfPusher } from './webhooks/rtc-events.ts';

/** One Media Push task, from Create to its destruction. */
export interface SimulatedConverter {
  id: string;
  name: string | undefined;
  region: string;
  channel: string;
  spec: ConverterSpec;
  /** Unix seconds. */
  createTs: number;
  updateTs: number;
  sequence: number;
  push: Push;
}

export type CreateOutcome = SimulatedConverter | 'name-exists' | 'quota-exceeded';
export type UpdateOutcome = SimulatedConverter | 'stale-sequence' | 'not-updatable';
export type DestroyReason = 'Delete Request' | 'Idle Timeout' | 'Internal Error';

const MEDIA_PUSH = 5;
const DEFAULT_IDLE_SECONDS = 300;

interface ConvertersOptions {
  channels: Channels;
  faults: Faults;
  archive: Archive;
  notifier: Notifier;
  simulator: SimulatorOptions;
}

/** The project's converters: unique names, quota, states, the end of those whose channel stays empty. */
export class Converters {
  readonly #options: ConvertersOptions;
  readonly #converters = new Map<string, SimulatedConverter>();
  readonly #ending = new Set<Promise<void>>();
  readonly #idle = new Map<string, NodeJS.Timeout>();

  constructor(options: ConvertersOptions) {
    this.#options = options;
    options.channels.on('changed', (channel) => this.#watchIdle(channel));
  }

  list(channel?: string): SimulatedConverter[] {
    return [...this.#converters.values()].filter((it) => channel === undefined || it.channel === channel);
  }

  find(id: string): SimulatedConverter | undefined {
    return this.#converters.get(id);
  }

  byName(name: string): SimulatedConverter | undefined {
    return this.list().find((it) => (it.name ?? it.id) === name);
  }

  create(region: string, spec: ConverterSpec): CreateOutcome {
    const { channels, faults, archive, notifier, simulator } = this.#options;
    const name = spec.name;
    if (name !== undefined && this.byName(name) !== undefined) return 'name-exists';
    if (this.#isQuotaUsedUp(region, spec)) return 'quota-exceeded';
    const id = randomBytes(16).toString('hex').toUpperCase();
    const channel = spec.transcodeOptions?.rtcChannel ?? spec.rawOptions?.rtcChannel ?? '';
    channels.expect(channel);
    const now = unixSeconds();
    const converter: SimulatedConverter = {
      id,
      name,
      region,
      channel,
      spec,
      createTs: now,
      updateTs: now,
      sequence: -1,
      push: new Push({
        name: name ?? id,
        converterId: id,
        channel,
        spec,
        channels,
        faults,
        archive,
        simulator,
        onState: (state) => this.#onState(converter, state),
      }),
    };
    this.#converters.set(id, converter);
    notifier.notify(
      MEDIA_PUSH,
      1,
      { converter: full(converter), lts: Date.now(), xRequestId: id },
      placeOf(converter),
    );
    notifyOfPusher(notifier, channel, true);
    this.#watchIdle(channel);
    return converter;
  }

  update(converter: SimulatedConverter, sequence: number, changes: ConverterChanges): UpdateOutcome {
    if (sequence <= converter.sequence) return 'stale-sequence';
    const { transcodeOptions: old } = converter.spec;
    const change = changes.transcodeOptions;
    if (change !== undefined && (old === undefined || old.videoOptions?.layoutType === 1))
      return 'not-updatable';
    const spec = { ...converter.spec, rtmpUrl: changes.rtmpUrl ?? converter.spec.rtmpUrl };
    const { rtcStreamUids } = change?.audioOptions ?? {};
    const { layout } = change?.videoOptions ?? {};
    if (old !== undefined) {
      spec.transcodeOptions = {
        ...old,
        ...(rtcStreamUids !== undefined &&
          old.audioOptions && { audioOptions: { ...old.audioOptions, rtcStreamUids } }),
        ...(layout !== undefined && old.videoOptions && { videoOptions: { ...old.videoOptions, layout } }),
      };
    }
    converter.spec = spec;
    converter.sequence = sequence;
    converter.updateTs = unixSeconds();
    this.#track(converter.push.update(spec));
    this.#options.notifier.notify(
      MEDIA_PUSH,
      2,
      { converter: full(converter), lts: Date.now(), fields: fieldsOf(changes) },
      placeOf(converter),
    );
    return converter;
  }

  /** Gone from lists at once; resolves when its connection is closed. */
  async destroy(converter: SimulatedConverter, destroyReason: DestroyReason): Promise<void> {
    this.#converters.delete(converter.id);
    clearTimeout(this.#idle.get(converter.id));
    this.#idle.delete(converter.id);
    await converter.push.stop();
    this.#options.notifier.notify(
      MEDIA_PUSH,
      4,
      { converter: full(converter), lts: Date.now(), destroyReason },
      placeOf(converter),
    );
    notifyOfPusher(this.#options.notifier, converter.channel, false);
  }

  /** Ends every push, as the end of the simulator does. */
  async stop(): Promise<void> {
    for (const timer of this.#idle.values()) clearTimeout(timer);
    await Promise.all(this.list().map(async (it) => it.push.stop()));
    await Promise.all(this.#ending);
  }

  #onState(converter: SimulatedConverter, state: PushState): void {
    converter.updateTs = unixSeconds();
    const { id, createTs, updateTs } = converter;
    this.#options.notifier.notify(
      MEDIA_PUSH,
      3,
      { converter: { id, createTs, updateTs, state }, lts: Date.now(), fields: 'id,createTs,updateTs,state' },
      placeOf(converter),
    );
  }

  #watchIdle(channel: string): void {
    const isEmpty = this.#options.channels.participants(channel).length === 0;
    for (const converter of this.list(channel)) {
      const timer = this.#idle.get(converter.id);
      if (!isEmpty) {
        clearTimeout(timer);
        this.#idle.delete(converter.id);
      } else if (timer === undefined) {
        const seconds = converter.spec.idleTimeout ?? converter.spec.idleTimeOut ?? DEFAULT_IDLE_SECONDS;
        const end = () => this.#track(this.destroy(converter, 'Idle Timeout'));
        this.#idle.set(converter.id, setTimeout(end, seconds * 1000));
      }
    }
  }

  #isQuotaUsedUp(region: string, spec: ConverterSpec): boolean {
    const quota = region === 'cn' ? { small: 300, medium: 50, large: 20 } : this.#options.simulator.quota;
    const size = sizeOf(spec);
    return this.list().filter((it) => sizeOf(it.spec) === size).length >= quota[size];
  }

  #track(work: Promise<void>): void {
    const { logger } = this.#options.simulator;
    const tracked = work.catch((error: unknown) =>
      logger.error({ err: error }, 'a push did not end or change in order'),
    );
    this.#ending.add(tracked);
    void tracked.finally(() => this.#ending.delete(tracked));
  }
}

function fieldsOf({ rtmpUrl, transcodeOptions }: ConverterChanges): string {
  return [
    ...(rtmpUrl === undefined ? [] : ['rtmpUrl']),
    ...(transcodeOptions === undefined ? [] : ['transcodeOptions']),
  ].join(',');
}

function sizeOf(spec: ConverterSpec): 'small' | 'medium' | 'large' {
  const { width, height } = mediaOf(spec);
  if (width * height <= 640 * 360) return 'small';
  return width * height <= 1280 * 720 ? 'medium' : 'large';
}

function full({ id, name, spec, createTs, updateTs, push }: SimulatedConverter): object {
  return { ...spec, id, name, createTs, updateTs, state: push.state };
}

function placeOf({ name, channel }: SimulatedConverter): { name: string | undefined; channel: string } {
  return { name, channel };
}

function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
