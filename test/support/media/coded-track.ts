import { run } from '../../cluster/run-command.ts';
import type { CodecName } from '../../../recorder-image/contract/codecs.ts';
import { debianFfmpegPath } from '../ffmpeg.ts';

export interface CodedPacket {
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly isKeyFrame: boolean;
  readonly payload: Buffer;
}

/** An elementary stream as an encoder has made it, apart from any container. */
export interface CodedTrack {
  readonly codec: CodecName;
  /** What the encoder says of it: avcC and its like; empty where there is none. */
  readonly record: Buffer;
  readonly packets: readonly CodedPacket[];
}

export interface CodedTrackOptions {
  readonly codec: CodecName;
  /** A file that may be written, without its extension. */
  readonly path: string;
  readonly seconds: number;
}

/** Half a second of a tone, half a second of silence: by that a delay can be heard. */
export const TONE_HZ = 440;
const TONE = `if(lt(mod(t\\,1)\\,0.5)\\,0.5*sin(2*PI*${TONE_HZ}*t)\\,0)`;
const mp4 = ['-video_track_timescale', '1000', '-f', 'mp4'];
const GOP = ['-pix_fmt', 'yuv420p', '-g', '15'];

/** How Debian's FFmpeg makes each codec, and the container that it is read from. */
const ENCODERS: Readonly<Partial<Record<CodecName, readonly string[]>>> = {
  avc: ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', ...GOP, ...mp4],
  hevc: [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=none:bframes=2',
    ...GOP,
    ...mp4,
  ],
  av1: ['-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', ...GOP, ...mp4],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', ...GOP, ...mp4],
  vp8: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', ...GOP, '-f', 'matroska'],
  h263: ['-c:v', 'flv', '-f', 'flv'],
  screen: ['-c:v', 'flashsv', '-f', 'flv'],
  aac: ['-c:a', 'aac', '-ar', '48000', '-f', 'matroska'],
  opus: ['-c:a', 'libopus', '-ar', '48000', '-f', 'matroska'],
  ac3: ['-c:a', 'ac3', '-ar', '48000', '-f', 'matroska'],
  eac3: ['-c:a', 'eac3', '-ar', '48000', '-f', 'matroska'],
  flac: ['-c:a', 'flac', '-ar', '48000', '-f', 'matroska'],
  mp3: ['-c:a', 'libmp3lame', '-ar', '44100', '-f', 'matroska'],
  pcma: ['-c:a', 'pcm_alaw', '-ar', '8000', '-f', 'flv'],
  pcmu: ['-c:a', 'pcm_mulaw', '-ar', '8000', '-f', 'flv'],
  pcm: ['-c:a', 'pcm_s16le', '-ar', '22050', '-f', 'flv'],
  adpcm: ['-c:a', 'adpcm_swf', '-ar', '22050', '-f', 'flv'],
  speex: ['-c:a', 'libspeex', '-ar', '16000', '-f', 'flv'],
  nellymoser: ['-c:a', 'nellymoser', '-ar', '16000', '-f', 'flv'],
};
const VIDEO: ReadonlySet<CodecName> = new Set(['avc', 'hevc', 'av1', 'vp9', 'vp8', 'h263', 'screen']);

/** Profile 0, level 1, 8 bits, 4:2:0, colours unspecified: MP4 keeps it, and FFmpeg does not show it. */
const VPCC = Buffer.from([0, 10, 0x82, 2, 2, 2, 0, 0]);

/** Encodes a small test picture, or a tone that comes and goes, mono. The first time to decode is 0. */
export async function encodeTrack({ codec, path, seconds }: CodedTrackOptions): Promise<CodedTrack> {
  const encoder = ENCODERS[codec];
  if (encoder === undefined) throw new Error(`nothing here encodes ${codec}`);
  const source = VIDEO.has(codec) ? 'testsrc=size=160x96:rate=15' : `aevalsrc=${TONE}:s=48000`;
  const file = `${path}.${codec}`;
  await run(await debianFfmpegPath(), [
    ...['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-t', String(seconds)],
    ...[...encoder, file],
  ]);
  return { codec, ...(await readTrack(file, codec)) };
}

interface Probed {
  readonly streams: readonly { readonly extradata?: string }[];
  readonly packets: readonly {
    readonly pts_time?: string;
    readonly dts_time?: string;
    readonly flags: string;
    readonly data: string;
  }[];
}

async function readTrack(file: string, codec: CodecName): Promise<Omit<CodedTrack, 'codec'>> {
  const entries = 'packet=pts_time,dts_time,flags,data:stream=extradata';
  const shown = ['-show_packets', '-show_streams', '-show_data', '-show_entries', entries, '-of', 'json'];
  const { streams, packets } = JSON.parse(await run('ffprobe', ['-v', 'error', ...shown, file])) as Probed;
  const found = packets.map(({ pts_time: pts, dts_time: dts = pts, flags, data }) => ({
    dtsMs: Math.round(Number(dts) * 1000),
    ptsMs: Math.round(Number(pts ?? dts) * 1000),
    isKeyFrame: flags.startsWith('K'),
    payload: bytesOf(data),
  }));
  const shift = -(found[0]?.dtsMs ?? 0);
  return {
    record: codec === 'vp9' || codec === 'vp8' ? VPCC : bytesOf(streams[0]?.extradata ?? ''),
    packets: found.map((packet) => ({ ...packet, dtsMs: packet.dtsMs + shift, ptsMs: packet.ptsMs + shift })),
  };
}

/** From what ffprobe shows: an offset, 16 bytes as hexadecimal digits, and the same as text, in each line. */
function bytesOf(dump: string): Buffer {
  const digits = dump.split('\n').map((line) => line.slice(10, 50).replaceAll(' ', ''));
  return Buffer.from(digits.join(''), 'hex');
}
