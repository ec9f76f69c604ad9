import type { CodecName } from '../../contract/codecs.ts';
import type { TrackConfig } from '../../media/track.ts';
import { box, fullBox, u16, u32, u8, zeros } from './box.ts';
import { aacFormat } from './codec/aac.ts';
import { ac3Format, eac3Format } from './codec/ac3.ts';
import { flvAudioFormat } from './codec/flv-audio.ts';
import { flacFormat } from './codec/flac.ts';
import { mp3Format } from './codec/mp3.ts';
import { opusFormat } from './codec/opus.ts';
import type { SoundFormat } from './codec/sound-format.ts';
import type { SampleEntry } from './sample-entry.ts';

interface Sound extends SoundFormat {
  readonly type: string;
  /** Default: 16, whatever the codec has. */
  readonly sampleBits?: number;
  /** The codec's own box. */
  readonly own: readonly Buffer[];
}

const MPEG_4_AUDIO = 0x40;
const MPEG_1_AUDIO = 0x6b;
const MPEG_2_AUDIO = 0x69;
const AUDIO_STREAM = 0x15;

const READERS: Partial<Record<CodecName, (config: TrackConfig, frame: Buffer) => Sound | undefined>> = {
  aac: ({ record }) => {
    const format = aacFormat(record);
    return format && { ...format, type: 'mp4a', own: esds(MPEG_4_AUDIO, descriptor(5, record)) };
  },
  mp3: (_, frame) => {
    const format = mp3Format(frame);
    const objectType = (format?.rate ?? 0) > 24_000 ? MPEG_1_AUDIO : MPEG_2_AUDIO;
    return format && { ...format, type: 'mp4a', own: esds(objectType) };
  },
  opus: ({ record }) => {
    const format = opusFormat(record);
    return format && { ...format, type: 'Opus', own: box('dOps', format.record) };
  },
  ac3: (_, frame) => {
    const format = ac3Format(frame);
    return format && { ...format, type: 'ac-3', own: box('dac3', format.record) };
  },
  eac3: (_, frame) => {
    const format = eac3Format(frame);
    return format && { ...format, type: 'ec-3', own: box('dec3', format.record) };
  },
  flac: ({ record }) => {
    const format = flacFormat(record);
    return format && { ...format, type: 'fLaC', own: fullBox('dfLa', {}, format.record) };
  },
};

/** Undefined where neither configuration nor frame say enough. Throws RangeError where they are cut short. */
export function audioEntry(config: TrackConfig, frame: Buffer): SampleEntry | undefined {
  const sound = READERS[config.codec]?.(config, frame) ?? olderSound(config);
  if (sound === undefined) return undefined;
  const { type, own, rate, channels, frameSamples, sampleBits = 16 } = sound;
  const bytes = box(
    type,
    zeros(6),
    u16(1),
    zeros(8),
    u16(channels, sampleBits, 0, 0),
    // 16 bits before the point: there is no room for a higher rate, which the codec says itself.
    u16(rate > 0xffff ? 0 : rate, 0),
    own,
  );
  return { kind: 'audio', rate, channels, frameSamples, bytes };
}

/** What is in no MP4 that is a recording, but in one that FFmpeg is given to encode. */
function olderSound(config: TrackConfig): Sound | undefined {
  const format = flvAudioFormat(config);
  return format && { ...format, own: [] };
}

/** The elementary stream descriptor of MPEG-4 (ISO/IEC 14496-1, 7.2.6). */
function esds(objectType: number, ...specific: readonly Buffer[]): readonly Buffer[] {
  const decoder = descriptor(4, u8(objectType, AUDIO_STREAM, 0, 0, 0), u32(0, 0), ...specific);
  return fullBox('esds', {}, descriptor(3, u16(0), u8(0), decoder, descriptor(6, u8(2))));
}

function descriptor(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const more = [21, 14, 7].map((bits) => ((length >> bits) & 0x7f) | 0x80);
  return Buffer.concat([u8(tag, ...more, length & 0x7f), body]);
}
