import { join } from 'node:path';
import { EXIT_CODES } from '../../../recorder-image/contract/exit-codes.ts';
import { recorderPlace } from '../../support/media/recorder-process.ts';
import type { RecorderPlace } from '../../support/media/recorder-process.ts';
import { startS3Proxy } from '../../support/proxy/s3-proxy.ts';
import { startTcpProxy } from '../../support/proxy/tcp-proxy.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { CellWorld } from './cell-world.ts';
import { Incarnations } from './incarnations.ts';
import { JournalLink } from './journal-link.ts';
import { excessOf } from './forty-takes.ts';
import type { Format, Plan } from './plan.ts';
import { Run } from './run.ts';
import { storeOf } from './stores.ts';
import type { StoreBehaviour } from './stores.ts';
import type { Peaks } from './takes-watch.ts';
import { judge } from './verdict.ts';
import type { Verdict } from './verdict.ts';

const NOTHING_WRONG = { packetsLost: 0, acknowledged: 0, leftovers: 0, complaints: [] };

export interface Cell {
  readonly fault: string;
  readonly phase: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly packetsLost: number;
  /** Packets that the recorder has taken. */
  readonly acknowledged: number;
  readonly note: string;
  readonly seed: number;
  readonly format: Format;
  readonly leftovers: number;
  /** Of forty takes. */
  readonly peaks?: Peaks;
}

/** One recording with what the plan lets go wrong. Never throws: what fails is in the cell. */
export async function runCell(plan: Plan, world: CellWorld): Promise<Cell> {
  const began = performance.now();
  const of = (verdict: Verdict, peaks?: Peaks): Cell => ({
    fault: plan.fault,
    phase: plan.phase,
    ok: verdict.complaints.length === 0,
    seconds: Number(((performance.now() - began) / 1000).toFixed(2)),
    packetsLost: verdict.packetsLost,
    acknowledged: verdict.acknowledged,
    note: verdict.complaints.join('; '),
    seed: plan.seed,
    format: plan.format,
    leftovers: verdict.leftovers,
    ...(peaks === undefined ? {} : { peaks }),
  });
  try {
    await using folder = await tempDirectory('chaos');
    await using s3 = await startS3Proxy(world.s3);
    await using rtmp = await startTcpProxy(9);
    const { bucket, program } = world;
    const aside = join(folder.path, 'aside');
    const store = plan.store && storeOf(plan.store, { seed: plan.seed, root: world.s3.directory, aside });
    if (store !== undefined) s3.setManner(store.manner);
    const place = placeOf(plan, await recorderPlace({ folder: folder.path, s3, bucket }), store);
    await using recorder = new Incarnations({ place, program, onListening: rtmp.aimAt });
    const journal = new JournalLink({ spool: place.spool, keep: join(folder.path, 'journal') });
    const url = `rtmp://127.0.0.1:${rtmp.port}/live/${place.streamKey}`;
    const run = new Run({ plan, world, s3, rtmp, recorder, journal, url });
    const code = await run.record();
    await store?.settle();
    const evidence = await run.evidence();
    const acknowledged = evidence.journal.video.length + evidence.journal.audio.length;
    // It was stopped before anything came.
    if (acknowledged === 0 && code === EXIT_CODES.noPublisher) return of(NOTHING_WRONG);
    if (code !== 0)
      return of({ ...NOTHING_WRONG, acknowledged, complaints: [`exit code ${code}`] }, run.peaks);
    const { format, expected } = plan;
    const verdict = await judge(
      { place, folder: folder.path, s3: world.s3, bucket, format, expected },
      evidence,
    );
    const excess = run.peaks && expected.atMost ? excessOf(run.peaks, expected.atMost) : [];
    return of({ ...verdict, complaints: [...verdict.complaints, ...excess] }, run.peaks);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return of({ ...NOTHING_WRONG, complaints: [text] });
  }
}

function placeOf(
  { format, lastsMs }: Plan,
  place: RecorderPlace,
  store: StoreBehaviour | undefined,
): RecorderPlace {
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
    ...store?.env,
  };
  return { ...place, s3Key, env };
}
