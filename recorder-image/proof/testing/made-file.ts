import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDirectory } from '../../../test/support/temp-directory.ts';
import { Ledger } from '../../media/ledger.ts';
import type { Packet, TrackConfig, TrackId } from '../../media/track.ts';
import { writeHybridFile } from '../../mux/mp4/hybrid-file.ts';
import { mp4Pieces } from '../../mux/mp4/mp4-pieces.ts';
import { OutputFile } from '../../mux/output-file.ts';
import { expectationOf } from '../expectation.ts';
import type { Expectation } from '../expectation.ts';

/** H.264 at 320x180 and AAC at 48 kHz, as FFmpeg announces them. */
const CONFIGS: readonly TrackConfig[] = [
  {
    track: 'video:0',
    codec: 'avc',
    record: Buffer.from(
      '014d400dffe10019674d400deca0a0cfcf8088000003000800000301e078a14cb001000468ce0fc8',
      'hex',
    ),
  },
  { track: 'audio:0', codec: 'aac', record: Buffer.from('118856e500', 'hex') },
];

export interface MadeFile {
  readonly bytes: Buffer;
  readonly expectation: Expectation;
  readonly packets: readonly Packet[];
}

export interface MadeFileOptions {
  readonly seconds: number;
  /** Where the media begins on the timeline, in ms. Default: 0. */
  readonly startMs?: number;
  /** How much earlier pictures are shown than decoded, in ms. Default: 0. */
  readonly earlierMs?: number;
  readonly tracks?: readonly TrackId[];
}

/** A finished hybrid MP4, and what it should hold. Its payloads are noise that is the same each time. */
export async function madeFile(options: MadeFileOptions): Promise<MadeFile> {
  const { tracks = ['video:0', 'audio:0'], startMs = 0 } = options;
  const configs = CONFIGS.filter(({ track }) => tracks.includes(track));
  const packets = configs.flatMap(({ track }) => packetsOf(track, options));
  packets.sort((a, b) => a.dtsMs - b.dtsMs);
  const ledger = new Ledger();
  ledger.addAll(packets);
  await using folder = await tempDirectory('made-file');
  const path = join(folder.path, 'file.mp4');
  {
    await using file = await OutputFile.create(path);
    await writeHybridFile(mp4Pieces({ tracks: configs, startMs, batches: once(packets) }), file);
  }
  const expectation = expectationOf('mp4', {
    ledger: () => ledger,
    tracks: () => configs.map(({ track }) => track),
  });
  return { bytes: await readFile(path), expectation, packets };
}

function packetsOf(track: TrackId, { seconds, startMs = 0, earlierMs = 0 }: MadeFileOptions): Packet[] {
  const isVideo = track === 'video:0';
  const everyMs = isVideo ? 40 : 21;
  return Array.from({ length: Math.floor((seconds * 1000) / everyMs) }, (_, index): Packet => {
    const dtsMs = startMs + index * everyMs;
    // As with B-frames: shown in another order than decoded.
    const reorder = isVideo ? ([40, 120, 0][index % 3] ?? 0) : 0;
    return {
      track,
      codec: isVideo ? 'avc' : 'aac',
      dtsMs,
      ptsMs: dtsMs + (isVideo ? reorder - earlierMs : 0),
      isKeyFrame: !isVideo || index % 25 === 0,
      payload: noise(index * 2 + (isVideo ? 1 : 0), isVideo ? 400 + (index % 7) * 30 : 90 + (index % 5)),
    };
  });
}

async function* once<T>(value: T): AsyncGenerator<T, void, undefined> {
  yield await Promise.resolve(value);
}

/** Bytes from a seed. */
export function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed + 1) * 2_654_435_761;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
