import { BitReader } from './bit-reader.ts';
import { u8 } from '../box.ts';
import type { SoundFormat } from './sound-format.ts';

/** A sound format, and what the codec's own box says of it. */
export interface DolbyFormat extends SoundFormat {
  readonly record: Buffer;
}

const SYNC = 0x0b77;
const RATES = [48_000, 44_100, 32_000];
/** Channels by acmod, without the low frequency one. */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];
const BLOCK_SAMPLES = 256;
const HALF_RATE = 3;

/** What the first bytes of an AC-3 frame say, with its dac3 (ETSI TS 102 366, annex F); undefined where it is none. */
export function ac3Format(frame: Buffer): DolbyFormat | undefined {
  if (frame.length < 8) return undefined;
  const reader = new BitReader(frame);
  if (reader.bits(16) !== SYNC) return undefined;
  reader.skip(16);
  const [rateCode, sizeCode, streamId, mode, channelMode] = [
    reader.bits(2),
    reader.bits(6),
    reader.bits(5),
    reader.bits(3),
    reader.bits(3),
  ];
  if ((channelMode & 1) !== 0 && channelMode !== 1) reader.skip(2);
  if ((channelMode & 4) !== 0) reader.skip(2);
  if (channelMode === 2) reader.skip(2);
  const lowFrequency = reader.bits(1);
  const rate = RATES[rateCode];
  if (rate === undefined) return undefined;
  const bits =
    (rateCode << 22) |
    (streamId << 17) |
    (mode << 14) |
    (channelMode << 11) |
    (lowFrequency << 10) |
    ((sizeCode >> 1) << 5);
  return {
    rate,
    channels: (CHANNELS[channelMode] ?? 2) + lowFrequency,
    frameSamples: 6 * BLOCK_SAMPLES,
    record: u8((bits >> 16) & 0xff, (bits >> 8) & 0xff, bits & 0xff),
  };
}

/** The same of E-AC-3, with a dec3 of its first substream. */
export function eac3Format(frame: Buffer): DolbyFormat | undefined {
  if (frame.length < 8) return undefined;
  const reader = new BitReader(frame);
  if (reader.bits(16) !== SYNC) return undefined;
  reader.skip(2 + 3 + 11);
  const rateCode = reader.bits(2);
  const second = reader.bits(2);
  const blocks = rateCode === HALF_RATE ? 6 : ([1, 2, 3, 6][second] ?? 6);
  const rate = rateCode === HALF_RATE ? (RATES[second] ?? 0) / 2 : RATES[rateCode];
  const [channelMode, lowFrequency, streamId] = [reader.bits(3), reader.bits(1), reader.bits(5)];
  if (rate === undefined || rate === 0) return undefined;
  const frameSamples = blocks * BLOCK_SAMPLES;
  const kilobits = Math.min(0x1fff, Math.round((frame.length * 8 * rate) / frameSamples / 1000));
  return {
    rate,
    channels: (CHANNELS[channelMode] ?? 2) + lowFrequency,
    frameSamples,
    record: u8(
      kilobits >> 5,
      (kilobits & 0x1f) << 3,
      (rateCode << 6) | (streamId << 1),
      (channelMode << 1) | lowFrequency,
      0,
    ),
  };
}
