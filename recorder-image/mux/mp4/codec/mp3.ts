import { BitReader } from './bit-reader.ts';
import type { SoundFormat } from './sound-format.ts';

const SYNC = 0x7ff;
const MPEG_1 = 3;
const MPEG_2_5 = 0;
const RATES = [44_100, 48_000, 32_000];
const MONO = 3;

/** What the header of an MPEG audio frame of layer III says (ISO/IEC 11172-3, 13818-3); undefined where there is none. */
export function mp3Format(frame: Buffer): SoundFormat | undefined {
  if (frame.length < 4) return undefined;
  const reader = new BitReader(frame);
  if (reader.bits(11) !== SYNC) return undefined;
  const version = reader.bits(2);
  reader.skip(2 + 1 + 4);
  const rate = RATES[reader.bits(2)];
  reader.skip(2);
  const channels = reader.bits(2) === MONO ? 1 : 2;
  if (rate === undefined) return undefined;
  if (version === MPEG_1) return { rate, channels, frameSamples: 1152 };
  return { rate: rate / (version === MPEG_2_5 ? 4 : 2), channels, frameSamples: 576 };
}
