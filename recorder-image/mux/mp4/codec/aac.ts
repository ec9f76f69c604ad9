import { BitReader } from './bit-reader.ts';
import type { SoundFormat } from './sound-format.ts';

const RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];
const OWN_RATE = 15;
const ESCAPED_TYPE = 31;
/** Channels by channelConfiguration (ISO/IEC 14496-3, 1.6.3.4); 0 means that the stream itself says it. */
const CHANNELS = [2, 1, 2, 3, 4, 5, 6, 8, 2, 2, 2, 7, 8, 2, 8];
export const AAC_FRAME_SAMPLES = 1024;

/** What an AudioSpecificConfig says; undefined where it names no rate. */
export function aacFormat(config: Buffer): SoundFormat | undefined {
  const reader = new BitReader(config);
  if (reader.bits(5) === ESCAPED_TYPE) reader.skip(6);
  const index = reader.bits(4);
  const rate = index === OWN_RATE ? reader.bits(24) : RATES[index];
  const channels = CHANNELS[reader.bits(4)] ?? 2;
  return rate === undefined ? undefined : { rate, channels, frameSamples: AAC_FRAME_SAMPLES };
}
