import type { Format } from './formats.ts';

/** What becomes of a codec in a format: it is copied, or refused, or encoded to this codec. */
type Treatment = 'copied' | 'refused' | 'aac' | 'opus' | 'vp9';

interface Codec extends Readonly<Record<Format, Treatment>> {
  readonly kind: 'audio' | 'video';
  /** What people call it. */
  readonly label: string;
}

const VIDEO = { kind: 'video', mp4: 'copied', m3u8: 'copied', webm: 'vp9' } as const;
const AUDIO = { kind: 'audio', mp4: 'copied', m3u8: 'copied', webm: 'opus' } as const;
/** Of telephones, cameras and old Flash clients: no MP4 that players know holds it. */
const OLD_AUDIO = { kind: 'audio', mp4: 'aac', m3u8: 'aac', webm: 'opus' } as const;
const REFUSED = { kind: 'video', mp4: 'refused', m3u8: 'refused', webm: 'refused' } as const;

/** Every codec that RTMP and Enhanced RTMP can name, what it is called here, and what becomes of it in each format. */
export const CODECS = {
  avc: { label: 'H.264', ...VIDEO },
  hevc: { label: 'HEVC', ...VIDEO },
  av1: { label: 'AV1', ...VIDEO },
  vp9: { label: 'VP9', ...VIDEO },
  // HLS has no VP8, and its players have none either.
  vp8: { label: 'VP8', ...VIDEO, m3u8: 'refused' },
  vvc: { label: 'VVC', ...REFUSED },
  h263: { label: 'Sorenson H.263', ...REFUSED },
  screen: { label: 'Screen Video', ...REFUSED },
  vp6: { label: 'VP6', ...REFUSED },
  aac: { label: 'AAC', ...AUDIO },
  opus: { label: 'Opus', ...AUDIO },
  ac3: { label: 'AC-3', ...AUDIO },
  eac3: { label: 'E-AC-3', ...AUDIO },
  flac: { label: 'FLAC', ...AUDIO },
  mp3: { label: 'MP3', ...AUDIO },
  pcma: { label: 'G.711 A-law', ...OLD_AUDIO },
  pcmu: { label: 'G.711 µ-law', ...OLD_AUDIO },
  pcm: { label: 'linear PCM', ...OLD_AUDIO },
  adpcm: { label: 'ADPCM', ...OLD_AUDIO },
  speex: { label: 'Speex', ...OLD_AUDIO },
  nellymoser: { label: 'Nellymoser', ...OLD_AUDIO },
} as const satisfies Readonly<Record<string, Codec>>;
export type CodecName = keyof typeof CODECS;
export const CODEC_NAMES = Object.keys(CODECS) as readonly CodecName[];

export type Fate =
  | { readonly is: 'copied' }
  | { readonly is: 'encoded'; readonly to: CodecName }
  /** `why` is a sentence for the publisher and for the log. */
  | { readonly is: 'refused'; readonly why: string };

/** What becomes of a track of this codec in a file of this format. */
export function fateOf(codec: CodecName, format: Format): Fate {
  const treatment: Treatment = CODECS[codec][format];
  if (treatment === 'copied') return { is: 'copied' };
  if (treatment !== 'refused') return { is: 'encoded', to: treatment };
  const { label, kind } = CODECS[codec];
  return { is: 'refused', why: refusalOf(label, kind, format) };
}

export function isRefused(codec: CodecName, format: Format): boolean {
  return CODECS[codec][format] === 'refused';
}

/** Why a codec of this name is refused, and what is accepted in place of it. */
export function refusalOf(name: string, kind: 'audio' | 'video', format: Format): string {
  const accepted = CODEC_NAMES.filter((codec) => CODECS[codec].kind === kind && !isRefused(codec, format));
  const labels = accepted.map((codec) => CODECS[codec].label);
  return `${name} can't be recorded as ${format}. Send ${labels.slice(0, -1).join(', ')} or ${labels.at(-1)}`;
}
