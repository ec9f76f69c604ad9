import type { TrackConfig } from '../../../media/track.ts';
import type { SoundFormat } from './sound-format.ts';

/** What FLV's byte in front of a packet says: rates by two of its bits. */
const RATES = [5512, 11_025, 22_050, 44_100] as const;
/** Rates that FLV has for one of its formats alone, whatever those bits say. */
const RATE_OF_FORMAT: ReadonlyMap<number, number> = new Map([
  [4, 16_000],
  [5, 8000],
  [7, 8000],
  [8, 8000],
  [11, 16_000],
]);
/** Formats that have one channel. */
const MONO: ReadonlySet<number> = new Set([4, 5, 6, 11]);
/** Packets a second: a guess, for the duration of a last one. */
const PACKETS_PER_SECOND = 50;

export interface FlvAudioFormat extends SoundFormat {
  /** QuickTime's name: what reads MP4 as FFmpeg does knows it, no player does. */
  readonly type: string;
  readonly sampleBits: 8 | 16;
}

/** Of FLV's older codecs, by the byte that announces them; undefined for others. */
export function flvAudioFormat({ codec, record }: TrackConfig): FlvAudioFormat | undefined {
  const [byte = 0] = record;
  const format = byte >> 4;
  const sampleBits = (byte & 2) === 0 ? 8 : 16;
  const types: Readonly<Partial<Record<TrackConfig['codec'], string>>> = {
    pcma: 'alaw',
    pcmu: 'ulaw',
    pcm: sampleBits === 8 ? 'raw ' : 'sowt',
    adpcm: 'msSF',
    speex: 'spex',
    nellymoser: 'nmos',
  };
  const type = types[codec];
  if (type === undefined) return undefined;
  const rate = RATE_OF_FORMAT.get(format) ?? RATES[(byte >> 2) & 3] ?? RATES[3];
  const channels = MONO.has(format) || (byte & 1) === 0 ? 1 : 2;
  return { type, rate, channels, sampleBits, frameSamples: Math.round(rate / PACKETS_PER_SECOND) };
}
