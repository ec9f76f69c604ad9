import { box, fullBox, text, u16, u32, u64, zeros } from './box.ts';
import type { Bytes } from './box.ts';
import { OTHER_SAMPLE, SYNC_SAMPLE } from './fragment.ts';
import type { Mp4Track } from './mp4-track.ts';
import type { SampleIndex } from './sample-index.ts';

/** Units per second of times that are not a track's own. */
const MOVIE_TIMESCALE = 1000;
const UNITY_MATRIX = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const FULL_VOLUME = 0x100;
const ENABLED_IN_MOVIE = 3;
const IN_MOVIE = 2;
const UNDETERMINED_LANGUAGE = 0x55c4;
const SELF_CONTAINED = 1;
const NORMAL_RATE = 0x1_0000;
const EMPTY_TABLES = ['stts', 'stsc'].flatMap((type) => fullBox(type, {}, u32(0)));

/** What a file of this kind begins with: nothing of when or by whom it was made. */
export function fileType(): readonly Buffer[] {
  return box('ftyp', text('isom'), u32(512), text('isomiso6mp41'));
}

/** The header of a file whose samples come in fragments. */
export function fragmentedMovie(tracks: readonly Mp4Track[]): readonly Buffer[] {
  const tables = [...EMPTY_TABLES, ...fullBox('stsz', {}, u32(0, 0)), ...fullBox('stco', {}, u32(0))];
  const traks = tracks.map((track) => {
    // Of no length of its own: all fragments are in it.
    const edits = track.raise === 0 ? [] : edts([edit(0, track.raise)]);
    return trak({ tracks, track, duration: 0, mediaDuration: 0, edits, tables });
  });
  const defaults = tracks.map(({ id, isVideo }) =>
    fullBox('trex', {}, u32(id, 1, 0, 0, isVideo ? OTHER_SAMPLE : SYNC_SAMPLE)),
  );
  return box('moov', mvhd(tracks, 0), ...traks, box('mvex', ...defaults));
}

/** The header of a finished file, with all samples in it. */
export function indexedMovie(
  indexes: readonly { readonly track: Mp4Track; readonly index: SampleIndex }[],
): readonly Buffer[] {
  const tracks = indexes.map(({ track }) => track);
  const durations: number[] = [];
  const traks = indexes.map(({ track, index }) => {
    const startMs = Math.max(0, toMovie(index.firstPresentation, track, Math.round));
    const shownMs = toMovie(index.shownDuration, track, Math.ceil);
    durations.push(startMs + shownMs);
    const edits = index.mediaTime === index.firstPresentation ? [] : editsOf(index, startMs, shownMs);
    const { mediaDuration } = index;
    return trak({ tracks, track, duration: startMs + shownMs, mediaDuration, edits, tables: index.finish() });
  });
  return box('moov', mvhd(tracks, Math.max(0, ...durations)), ...traks);
}

function toMovie(units: number, { timescale }: Mp4Track, round: (value: number) => number): number {
  return round((units * MOVIE_TIMESCALE) / timescale);
}

/** Nothing until the first sample is shown, and then all from that one on. */
function editsOf(index: SampleIndex, startMs: number, shownMs: number): readonly Buffer[] {
  const mediaTime = index.mediaTime + Math.max(0, -index.firstPresentation);
  const wait = startMs > 0 ? [edit(startMs, -1)] : [];
  return edts([...wait, edit(shownMs, mediaTime)]);
}

function edts(edits: readonly Buffer[]): readonly Buffer[] {
  return box('edts', fullBox('elst', { version: 1 }, u32(edits.length), ...edits));
}

function edit(durationMs: number, mediaTime: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(BigInt(mediaTime));
  return Buffer.concat([u64(durationMs), time, u32(NORMAL_RATE)]);
}

function mvhd(tracks: readonly Mp4Track[], durationMs: number): readonly Buffer[] {
  return fullBox(
    'mvhd',
    {},
    u32(0, 0, MOVIE_TIMESCALE, durationMs, NORMAL_RATE),
    u16(FULL_VOLUME),
    zeros(10),
    UNITY_MATRIX,
    zeros(24),
    u32(tracks.length + 1),
  );
}

interface TrackContent {
  readonly tracks: readonly Mp4Track[];
  readonly track: Mp4Track;
  /** Ms. */
  readonly duration: number;
  /** In the track's own units. */
  readonly mediaDuration: number;
  readonly edits?: Bytes;
  /** `stbl` but for `stsd`. */
  readonly tables: Bytes;
}

function trak({
  tracks,
  track,
  duration,
  mediaDuration,
  edits = [],
  tables,
}: TrackContent): readonly Buffer[] {
  const { entry, isVideo } = track;
  const media = isVideo ? fullBox('vmhd', { flags: 1 }, zeros(8)) : fullBox('smhd', {}, zeros(4));
  const source = box('dinf', fullBox('dref', {}, u32(1), fullBox('url ', { flags: SELF_CONTAINED })));
  const stsd = fullBox('stsd', {}, u32(1), entry?.bytes ?? []);
  return box(
    'trak',
    tkhd(tracks, track, duration),
    edits,
    box(
      'mdia',
      mdhd(track, mediaDuration),
      hdlr(isVideo ? 'vide' : 'soun'),
      box('minf', media, source, box('stbl', stsd, tables)),
    ),
  );
}

/** Of several tracks of a kind the first one is played, unless somebody chooses another one. */
function tkhd(tracks: readonly Mp4Track[], track: Mp4Track, durationMs: number): readonly Buffer[] {
  const { id, entry, isVideo } = track;
  const isFirst = tracks.find((other) => other.isVideo === isVideo) === track;
  const { width, height } = entry?.kind === 'video' ? entry : { width: 0, height: 0 };
  return fullBox(
    'tkhd',
    { flags: isFirst ? ENABLED_IN_MOVIE : IN_MOVIE },
    u32(0, 0, id, 0, durationMs, 0, 0),
    u16(0, isVideo ? 2 : 1, isVideo ? 0 : FULL_VOLUME, 0),
    UNITY_MATRIX,
    u32(width * 0x1_0000, height * 0x1_0000),
  );
}

/** Version 1: two hours at 90,000 units a second and a day's pause would not fit into 32 bits. */
function mdhd({ timescale }: Mp4Track, duration: number): readonly Buffer[] {
  return fullBox(
    'mdhd',
    { version: 1 },
    u64(0, 0),
    u32(timescale),
    u64(duration),
    u16(UNDETERMINED_LANGUAGE, 0),
  );
}

function hdlr(type: string): readonly Buffer[] {
  const name = type === 'vide' ? 'VideoHandler\0' : 'SoundHandler\0';
  return fullBox('hdlr', {}, u32(0), text(type), zeros(12), text(name));
}
