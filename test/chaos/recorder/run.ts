import { setTimeout as sleep } from 'node:timers/promises';
import type { PacketHashes } from '../../support/media/packets.ts';
import { S3_FAULTS } from '../../support/proxy/s3-proxy.ts';
import type { S3Proxy } from '../../support/proxy/s3-proxy.ts';
import type { TcpProxy } from '../../support/proxy/tcp-proxy.ts';
import type { CellWorld } from './cell-world.ts';
import { recordTakes } from './forty-takes.ts';
import type { Incarnations } from './incarnations.ts';
import type { JournalLink } from './journal-link.ts';
import { push } from './media.ts';
import type { Clip } from './media.ts';
import type { Plan } from './plan.ts';
import type { Peaks } from './takes-watch.ts';
import type { Evidence } from './verdict.ts';

/** A fault in the network to the publisher, for the time that it lasts. */
const RTMP = {
  'rtmp-drop': 'drop',
  'rtmp-stall': 'stall',
  'rtmp-half-open': 'halfOpen',
  'rtmp-move': 'drop',
} as const;
const ANOTHER_ADDRESS = '127.0.0.3';

/** From a recorder's start to its exit code, with what the plan lets go wrong, and what is known of what was pushed. */
export class Run {
  readonly #plan: Plan;
  readonly #world: CellWorld;
  readonly #s3: S3Proxy;
  readonly #rtmp: TcpProxy;
  readonly #recorder: Incarnations;
  readonly #journal: JournalLink;
  readonly #url: string;
  readonly #atKills: PacketHashes[] = [];
  #pushed: PacketHashes[] = [];
  #peaks: Peaks | undefined;

  constructor(options: {
    readonly plan: Plan;
    readonly world: CellWorld;
    readonly s3: S3Proxy;
    readonly rtmp: TcpProxy;
    readonly recorder: Incarnations;
    readonly journal: JournalLink;
    readonly url: string;
  }) {
    this.#plan = options.plan;
    this.#world = options.world;
    this.#s3 = options.s3;
    this.#rtmp = options.rtmp;
    this.#recorder = options.recorder;
    this.#journal = options.journal;
    this.#url = options.url;
  }

  /** From the recorder's start to its exit code. */
  async record(): Promise<number | NodeJS.Signals> {
    const { phase, fault } = this.#plan;
    if (fault === 'forty-takes') return await this.#recordTakes();
    const clip = this.#clip();
    await this.#recorder.start();
    await this.#recorder.listening();
    const stops = fault === 'double-sigterm';
    if (phase === 'waiting') await this.#strike();
    if (phase === 'waiting' && stops) return await this.#recorder.ended();
    await this.#publish(clip, phase === 'recording');
    if (phase === 'reconnecting') await this.#strike();
    if (stops && (phase === 'recording' || phase === 'reconnecting')) return await this.#recorder.finish();
    // Whatever has happened, the publisher comes back once more.
    await this.#publish(clip, false);
    if (phase === 'finishing' || phase === 'uploading') return await this.#finishWithFault();
    return await this.#recorder.finish();
  }

  /** Of forty takes. */
  get peaks(): Peaks | undefined {
    return this.#peaks;
  }

  async evidence(): Promise<Evidence> {
    const { encodedAudioPacketSeconds } = this.#clip();
    return {
      ...(encodedAudioPacketSeconds === undefined ? {} : { encodedAudioPacketSeconds }),
      journal: await this.#journal.packets(),
      lastsSeconds: await this.#journal.lastsSeconds(),
      atKills: this.#atKills,
      pushed: this.#pushed,
    };
  }

  #clip(): Clip {
    const { fault, large } = this.#plan;
    const { clips } = this.#world;
    if (fault === 'codec-g711' || fault === 'codec-late-audio' || fault === 'codec-fourcc')
      return clips[fault];
    return large ? clips.large : clips.small;
  }

  async #recordTakes(): Promise<number | NodeJS.Signals> {
    const [recorder, s3, journal, url] = [this.#recorder, this.#s3, this.#journal, this.#url];
    const killBehind = 39 - this.#plan.request;
    const scene = { recorder, s3, journal, url, killBehind, clips: this.#world.takeClips };
    const { code, atKill, peaks } = await recordTakes(scene);
    this.#atKills.push(atKill);
    this.#peaks = peaks;
    return code;
  }

  async #publish(clip: Clip, strike: boolean): Promise<void> {
    await this.#recorder.listening();
    const kills = this.#atKills.length;
    await using publisher = await push(clip, this.#url);
    const [code] = await Promise.all([publisher.exited, strike ? this.#strike() : undefined]);
    await this.#journal.hold();
    // One that was cut off, or met a recorder that was about to be killed, may not have brought its end home.
    const undisturbed = !strike || !/^(rtmp|double)/.test(this.#plan.fault);
    const whole = code === 0 && undisturbed && this.#atKills.length === kills;
    if (whole) this.#pushed.push(clip.packets);
    else if (!strike) throw new Error(`the publisher ended with ${code}: ${publisher.output().slice(-500)}`);
  }

  async #finishWithFault(): Promise<number | NodeJS.Signals> {
    if (this.#plan.phase === 'finishing') {
      this.#recorder.terminate();
      await this.#strike();
    } else {
      this.#recorder.terminate();
      const { child } = this.#recorder;
      const ended = child.exited.then(() => 'ended' as const);
      const uploading = async (): Promise<void> => {
        while ((await this.#recorder.state()) === 'finishing') await sleep(5);
      };
      await Promise.race([ended, uploading()]);
      await this.#strike();
    }
    return await this.#recorder.finish();
  }

  /** Lets happen what the plan says, and returns when it is over. */
  async #strike(): Promise<void> {
    const { fault, delayMs, lastsMs, request, store } = this.#plan;
    if (fault === 'kill-recorder-at-s3-request' || store !== undefined)
      return await this.#killAtRequest(request);
    await sleep(delayMs);
    switch (fault) {
      case 'kill-recorder':
      case 'codec-g711':
      case 'codec-late-audio':
      case 'codec-fourcc':
        return await this.#kill();
      case 'kill-ffmpeg':
        await this.#recorder.killFfmpeg();
        return;
      case 'double-sigterm':
        this.#recorder.terminate();
        await sleep(lastsMs / 4);
        this.#recorder.terminate();
        return;
      case 'rtmp-drop':
      case 'rtmp-stall':
      case 'rtmp-half-open':
      case 'rtmp-move':
        if (fault === 'rtmp-move') this.#rtmp.comeFrom(ANOTHER_ADDRESS);
        this.#rtmp[RTMP[fault]]();
        await sleep(lastsMs);
        this.#rtmp.mend();
        return;
      default: {
        this.#s3.setFault(S3_FAULTS.find((known) => fault === `s3-${known}`) ?? 'refuse');
        await sleep(lastsMs);
        this.#s3.setFault(undefined);
      }
    }
  }

  async #kill(): Promise<void> {
    await this.#recorder.kill();
    this.#pushed = [];
    this.#atKills.push(await this.#journal.packets());
    await this.#recorder.start();
  }

  /** Between the request before it and this one, or at the time limit, for a recording that has not so many. */
  async #killAtRequest(number: number): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const { child } = this.#recorder;
    this.#s3.onRequest((count) => {
      if (count !== number) return;
      process.kill(child.pid, 'SIGKILL');
      reached.resolve();
    });
    const ended = child.exited.then(() => undefined);
    await Promise.race([reached.promise, ended, sleep(1500)]);
    this.#s3.onRequest(() => undefined);
    if (await Promise.race([ended.then(() => false), sleep(0).then(() => true)])) return await this.#kill();
    this.#pushed = [];
    this.#atKills.push(await this.#journal.packets());
    await this.#recorder.start();
  }
}
