import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_CODES } from '../../../recorder-image/contract/exit-codes.ts';
import { recorderPlace } from '../../support/media/recorder-process.ts';
import type { RecorderPlace } from '../../support/media/recorder-process.ts';
import { S3_FAULTS, startS3Proxy } from '../../support/proxy/s3-proxy.ts';
import type { S3Proxy } from '../../support/proxy/s3-proxy.ts';
import { startTcpProxy } from '../../support/proxy/tcp-proxy.ts';
import type { TcpProxy } from '../../support/proxy/tcp-proxy.ts';
import type { S3Server } from '../../support/s3-server.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import { Incarnations } from './incarnations.ts';
import { JournalLink } from './journal-link.ts';
import { push } from './media.ts';
import type { Clip, Clips } from './media.ts';
import type { Format, Plan } from './plan.ts';
import { judge } from './verdict.ts';
import type { Evidence } from './verdict.ts';

/** A fault in the network to the publisher, for the time that it lasts. */
const RTMP = {
  'rtmp-drop': 'drop',
  'rtmp-stall': 'stall',
  'rtmp-half-open': 'halfOpen',
  'rtmp-move': 'drop',
} as const;
const ANOTHER_ADDRESS = '127.0.0.3';

const NOTHING_WRONG = { packetsLost: 0, leftovers: 0, complaints: [] };

export interface Cell {
  readonly fault: string;
  readonly phase: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly packetsLost: number;
  readonly note: string;
  readonly seed: number;
  readonly format: Format;
  readonly leftovers: number;
}

export interface CellWorld {
  readonly s3: S3Server;
  readonly bucket: string;
  readonly clips: Clips;
  /** The recorder: its bundle, or its source. */
  readonly program: string;
}

/** One recording with what the plan lets go wrong. Never throws: what fails is in the cell. */
export async function runCell(plan: Plan, world: CellWorld): Promise<Cell> {
  const began = performance.now();
  const of = (verdict: { packetsLost: number; leftovers: number; complaints: readonly string[] }): Cell => ({
    fault: plan.fault,
    phase: plan.phase,
    ok: verdict.complaints.length === 0,
    seconds: Number(((performance.now() - began) / 1000).toFixed(2)),
    packetsLost: verdict.packetsLost,
    note: verdict.complaints.join('; '),
    seed: plan.seed,
    format: plan.format,
    leftovers: verdict.leftovers,
  });
  try {
    await using folder = await tempDirectory('chaos');
    await using s3 = await startS3Proxy(world.s3);
    await using rtmp = await startTcpProxy(9);
    const { bucket, program } = world;
    const place = placeOf(plan, await recorderPlace({ folder: folder.path, s3, bucket }));
    await using recorder = new Incarnations({ place, program, onListening: rtmp.aimAt });
    const journal = new JournalLink({ spool: place.spool, keep: join(folder.path, 'journal.flv') });
    const url = `rtmp://127.0.0.1:${rtmp.port}/live/${place.streamKey}`;
    const run = new Run({ plan, world, s3, rtmp, recorder, journal, url });
    const code = await run.record();
    const { journal: received } = await run.evidence();
    const nothing = received.video.length + received.audio.length === 0;
    // It was stopped before anything came.
    if (nothing && code === EXIT_CODES.noPublisher) return of(NOTHING_WRONG);
    if (code !== 0) return of({ packetsLost: 0, leftovers: 0, complaints: [`exit code ${code}`] });
    const scene = { place, folder: folder.path, s3: world.s3, bucket, format: plan.format };
    return of(await judge(scene, await run.evidence()));
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return of({ packetsLost: 0, leftovers: 0, complaints: [text] });
  }
}

function placeOf({ format, lastsMs }: Plan, place: RecorderPlace): RecorderPlace {
  const s3Key = place.s3Key.replace('.mp4', `.${format}`);
  const env = {
    ...place.env,
    S3_KEY: s3Key,
    RECORDING_FORMAT: format,
    RECORDING_RESOLUTION: '160x90',
    RECORDING_FPS: '10',
    RECONNECT_WINDOW: String(120 + lastsMs / 1000),
    PUBLISHER_STALL_AFTER: '1',
    UPLOAD_GIVE_UP_AFTER: String(600 + lastsMs / 1000),
  };
  return { ...place, s3Key, env };
}

class Run {
  readonly #plan: Plan;
  readonly #world: CellWorld;
  readonly #s3: S3Proxy;
  readonly #rtmp: TcpProxy;
  readonly #recorder: Incarnations;
  readonly #journal: JournalLink;
  readonly #url: string;
  readonly #atKills: PacketHashes[] = [];
  #pushed: PacketHashes[] = [];

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
    const { phase, fault, large } = this.#plan;
    const { small, large: fat } = this.#world.clips;
    await this.#recorder.start();
    await this.#recorder.listening();
    const stops = fault === 'double-sigterm';
    if (phase === 'waiting') await this.#strike();
    if (phase === 'waiting' && stops) return await this.#recorder.ended();
    await this.#publish(large ? fat : small, phase === 'recording');
    if (phase === 'reconnecting') await this.#strike();
    if (stops && (phase === 'recording' || phase === 'reconnecting')) return await this.#recorder.finish();
    // Whatever has happened, the publisher comes back once more.
    await this.#publish(large ? fat : small, false);
    if (phase === 'finishing' || phase === 'uploading') return await this.#finishWithFault();
    return await this.#recorder.finish();
  }

  async evidence(): Promise<Evidence> {
    return {
      journal: await this.#journal.packets(),
      lastsSeconds: await this.#journal.lastsSeconds(),
      atKills: this.#atKills,
      pushed: this.#pushed,
    };
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
    const { fault, delayMs, lastsMs, request } = this.#plan;
    if (fault === 'kill-recorder-at-s3-request') return await this.#killAtRequest(request);
    await sleep(delayMs);
    switch (fault) {
      case 'kill-recorder':
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
