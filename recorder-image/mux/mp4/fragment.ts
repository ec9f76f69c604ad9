import { box, BOX_HEADER_SIZE, fullBox, u32, u64 } from './box.ts';
import type { Mp4Track } from './mp4-track.ts';
import type { SampleTimes } from './sample-clock.ts';

export interface FragmentSample extends SampleTimes {
  readonly size: number;
  /** In units of the track's timescale. */
  readonly duration: number;
  readonly isKeyFrame: boolean;
}

/** What a fragment has of one track: its samples, and their bytes one after another. */
export interface TrackFragment {
  readonly track: Mp4Track;
  readonly samples: readonly FragmentSample[];
  readonly data: Buffer;
}

/** A `moof` and its `mdat`. */
export interface Fragment {
  readonly tracks: readonly TrackFragment[];
  /** All of it; good only until the next packet is added. */
  readonly bytes: readonly Buffer[];
  /** Where the data of the tracks begins in it. */
  readonly dataOffset: number;
}

/** Of a sample that can be decoded alone, and of one that can't. */
export const SYNC_SAMPLE = 0x0200_0000;
export const OTHER_SAMPLE = 0x0101_0000;

/** Of a sample, in units: readers take more for a negative number. */
export const LONGEST_DURATION = 2 ** 31 - 1;

const MFHD_SIZE = 16;
const TFHD_SIZE = 16;
const TFDT_SIZE = 20;
const TRUN_HEADER_SIZE = 20;
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
const DATA_OFFSET = 0x1;
const DURATIONS_AND_SIZES = 0x300;
const FLAGS_AND_OFFSETS = 0xc00;

/** One `traf` for each track, with one `trun` whose data lies in one piece. `sequence` counts from 1. */
export function fragmentOf(sequence: number, tracks: readonly TrackFragment[]): Fragment {
  const moofSize = BOX_HEADER_SIZE + MFHD_SIZE + tracks.reduce((sum, part) => sum + trafSize(part), 0);
  const dataOffset = moofSize + BOX_HEADER_SIZE;
  let offset = dataOffset;
  const trafs = tracks.map((part) => {
    const traf = trafOf(part, offset);
    offset += part.data.length;
    return traf;
  });
  const moof = box('moof', fullBox('mfhd', {}, u32(sequence)), ...trafs);
  const data = tracks.map((part) => part.data);
  const [mdat] = box('mdat', data);
  const header = Buffer.concat([...moof, ...(mdat === undefined ? [] : [mdat])]);
  return { tracks, bytes: [header, ...data], dataOffset };
}

function trafOf({ track, samples }: TrackFragment, dataOffset: number): readonly Buffer[] {
  const first = samples[0]?.dts ?? 0;
  return box(
    'traf',
    fullBox('tfhd', { flags: DEFAULT_BASE_IS_MOOF }, u32(track.id)),
    fullBox('tfdt', { version: 1 }, u64(first)),
    trunOf(track, samples, dataOffset),
  );
}

function trunOf(track: Mp4Track, samples: readonly FragmentSample[], dataOffset: number): readonly Buffer[] {
  const entries = Buffer.allocUnsafe(samples.length * entrySize(track));
  let at = 0;
  for (const { duration, size, isKeyFrame, offset } of samples) {
    at = entries.writeUInt32BE(duration, at);
    at = entries.writeUInt32BE(size, at);
    if (!track.isVideo) continue;
    at = entries.writeUInt32BE(isKeyFrame ? SYNC_SAMPLE : OTHER_SAMPLE, at);
    at = entries.writeInt32BE(offset, at);
  }
  const flags = DATA_OFFSET | DURATIONS_AND_SIZES | (track.isVideo ? FLAGS_AND_OFFSETS : 0);
  return fullBox('trun', { version: 1, flags }, u32(samples.length, dataOffset), entries);
}

function trafSize({ track, samples }: TrackFragment): number {
  return BOX_HEADER_SIZE + TFHD_SIZE + TFDT_SIZE + TRUN_HEADER_SIZE + samples.length * entrySize(track);
}

/** Duration and size, and of pictures also flags and the time at which they are shown. */
function entrySize({ isVideo }: Mp4Track): number {
  return isVideo ? 16 : 8;
}
