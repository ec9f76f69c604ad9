import { boxAt, boxesIn, Fields } from './boxes.ts';
import { ScanError } from './push-parser.ts';
import type { Sample } from './sample-sums.ts';

/** What a track's fragments take over where they say nothing themselves. */
export interface FragmentDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** What a fragment says of one track, run by run. */
export interface FragmentRun {
  readonly track: number;
  /** In bytes of the file. */
  readonly offset: number;
  readonly samples: readonly Sample[];
}

export interface FragmentContext {
  readonly defaultsOf: (track: number) => FragmentDefaults | undefined;
  /** In ticks: where the last fragment of the track has ended, for one that does not say where it begins. */
  readonly endOf: (track: number) => number;
}

const TFHD = { baseOffset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 };
const TRUN = { offset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 };
const NOT_SYNC = 0x1_0000;
const NO_DEFAULTS: FragmentDefaults = { duration: 0, size: 0, flags: 0 };

/** Of each track that an `mvex` box knows. */
export function readDefaults(mvex: Buffer, at: number): Map<number, FragmentDefaults> {
  const defaults = new Map<number, FragmentDefaults>();
  for (const { type, body } of boxesIn(mvex, at)) {
    if (type !== 'trex') continue;
    const fields = new Fields(body, at).skip(4);
    const track = fields.u32();
    fields.skip(4);
    defaults.set(track, { duration: fields.u32(), size: fields.u32(), flags: fields.u32() });
  }
  return defaults;
}

/** Reads a `moof` box; `start` is where its header stands in the file. Throws {@link ScanError}. */
export function readFragment(moof: Buffer, start: number, context: FragmentContext): FragmentRun[] {
  const runs: FragmentRun[] = [];
  for (const { type, body: traf } of boxesIn(moof, start)) {
    if (type !== 'traf') continue;
    const header = readHeader(traf, start, context);
    let dts = header.dts ?? context.endOf(header.track);
    let offset = header.base;
    for (const { type: inner, body } of boxesIn(traf, start)) {
      if (inner !== 'trun') continue;
      const run = readRun(body, start, { ...header, dts, offset });
      runs.push(run);
      const last = run.samples.at(-1);
      if (last !== undefined) dts = last.dts + last.duration;
      offset = run.samples.reduce((sum, { size }) => sum + size, run.offset);
    }
  }
  return runs;
}

interface TrackFragmentHeader {
  readonly track: number;
  /** What offsets count from, in bytes of the file. */
  readonly base: number;
  readonly defaults: FragmentDefaults;
  /** In ticks. */
  readonly dts: number | undefined;
}

function readHeader(traf: Buffer, start: number, context: FragmentContext): TrackFragmentHeader {
  const tfhd = boxAt(traf, start, 'tfhd');
  if (tfhd === undefined) throw new ScanError('a fragment of no track', start);
  const fields = new Fields(tfhd, start);
  const { flags } = fields.version();
  const track = fields.u32();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const base = has(TFHD.baseOffset) ? fields.u64() : start;
  if (has(TFHD.description)) fields.skip(4);
  const inherited = context.defaultsOf(track) ?? NO_DEFAULTS;
  const defaults = {
    duration: has(TFHD.duration) ? fields.u32() : inherited.duration,
    size: has(TFHD.size) ? fields.u32() : inherited.size,
    flags: has(TFHD.flags) ? fields.u32() : inherited.flags,
  };
  const tfdt = boxAt(traf, start, 'tfdt');
  if (tfdt === undefined) return { track, base, defaults, dts: undefined };
  const time = new Fields(tfdt, start);
  return { track, base, defaults, dts: time.version().version === 1 ? time.u64() : time.u32() };
}

function readRun(
  trun: Buffer,
  start: number,
  from: TrackFragmentHeader & { readonly dts: number; readonly offset: number },
): FragmentRun {
  const fields = new Fields(trun, start);
  const { version, flags } = fields.version();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const count = fields.u32();
  const offset = has(TRUN.offset) ? from.base + fields.i32() : from.offset;
  const firstFlags = has(TRUN.firstFlags) ? fields.u32() : undefined;
  const bytesEach = [TRUN.duration, TRUN.size, TRUN.flags, TRUN.composition].filter(has).length * 4;
  if (count * bytesEach !== fields.left) throw new ScanError('a run of another length than it says', start);
  const { defaults } = from;
  const samples: Sample[] = [];
  // A run without anything of its own says nothing of its length: then it is not believed blindly.
  if (bytesEach === 0 && count > 100_000) throw new ScanError('a run that is too long', start);
  for (let index = 0, { dts } = from; index < count; index += 1) {
    const duration = has(TRUN.duration) ? fields.u32() : defaults.duration;
    const size = has(TRUN.size) ? fields.u32() : defaults.size;
    const own = has(TRUN.flags) ? fields.u32() : defaults.flags;
    const sampleFlags = index === 0 ? (firstFlags ?? own) : own;
    const composition = has(TRUN.composition) ? (version === 0 ? fields.u32() : fields.i32()) : 0;
    samples.push({ dts, duration, composition, size, isSync: (sampleFlags & NOT_SYNC) === 0 });
    dts += duration;
  }
  return { track: from.track, offset, samples };
}
