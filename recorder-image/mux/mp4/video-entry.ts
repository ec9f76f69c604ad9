import type { CodecName } from '../../contract/codecs.ts';
import type { TrackConfig } from '../../media/track.ts';
import { box, fullBox, u16, u32, zeros } from './box.ts';
import { av1Size } from './codec/av1.ts';
import { avcSize } from './codec/avc.ts';
import { hevcSize } from './codec/hevc.ts';
import type { PictureSize } from './codec/picture-size.ts';
import { vp8Size, vp9Size } from './codec/vpx.ts';
import type { SampleEntry } from './sample-entry.ts';

interface VideoCodec {
  readonly type: string;
  /** The codec's own box. */
  readonly own: (record: Buffer) => readonly Buffer[];
  readonly size: (record: Buffer, frame: Buffer) => PictureSize | undefined;
}

/** What av1C has before the sequence header. */
const AV1C_FIXED_BYTES = 4;
/** Profile 0, level 1, 8 bits 4:2:0, colours unspecified: for publishers that say nothing. */
const DEFAULT_VPCC = Buffer.from([0, 10, 0x82, 2, 2, 2, 0, 0]);
const DOTS_PER_INCH_72 = 0x48_0000;

const CODECS: Partial<Record<CodecName, VideoCodec>> = {
  avc: { type: 'avc1', own: (record) => box('avcC', record), size: avcSize },
  hevc: { type: 'hvc1', own: (record) => box('hvcC', record), size: hevcSize },
  av1: {
    type: 'av01',
    own: (record) => box('av1C', record),
    size: (record, frame) => av1Size(record.subarray(AV1C_FIXED_BYTES)) ?? av1Size(frame),
  },
  vp9: { type: 'vp09', own: vpcC, size: (_, frame) => vp9Size(frame) },
  vp8: { type: 'vp08', own: vpcC, size: (_, frame) => vp8Size(frame) },
};

/** Undefined where neither configuration nor frame say enough. Throws RangeError where they are cut short. */
export function videoEntry({ codec, record }: TrackConfig, frame: Buffer): SampleEntry | undefined {
  const known = CODECS[codec];
  const size = known?.size(record, frame);
  return known && size && entryOf(known, record, size);
}

export function videoEntryWithoutSize({ codec, record }: TrackConfig): SampleEntry | undefined {
  const known = CODECS[codec];
  return known && entryOf(known, record, { width: 0, height: 0 });
}

function entryOf({ type, own }: VideoCodec, record: Buffer, size: PictureSize): SampleEntry {
  const bytes = box(
    type,
    zeros(6),
    u16(1),
    zeros(16),
    u16(size.width, size.height),
    u32(DOTS_PER_INCH_72, DOTS_PER_INCH_72, 0),
    u16(1),
    zeros(32),
    u16(24, 0xffff),
    own(record),
  );
  return { kind: 'video', ...size, bytes };
}

function vpcC(record: Buffer): readonly Buffer[] {
  return fullBox('vpcC', { version: 1 }, record.length < DEFAULT_VPCC.length ? DEFAULT_VPCC : record);
}
