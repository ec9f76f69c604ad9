import { isRefused } from '../contract/codecs.ts';
import type { CodecName } from '../contract/codecs.ts';
import type { Format } from '../contract/formats.ts';
import { readHeader } from './enhanced-header.ts';
import type { TrackBody } from './enhanced-header.ts';
import { isKeyFrameType } from './legacy-flv.ts';
import { NOTHING, ofConfig, ofPacket, ofSelfDescribing, ofUnknown } from './message-content.ts';
import type { MediaMessage, MessageContent, TrackId } from './track.ts';

const VIDEO_CODECS: ReadonlyMap<string, CodecName> = new Map([
  ['avc1', 'avc'],
  ['hvc1', 'hevc'],
  ['av01', 'av1'],
  ['vp09', 'vp9'],
  ['vp08', 'vp8'],
  ['vvc1', 'vvc'],
]);
const AUDIO_CODECS: ReadonlyMap<string, CodecName> = new Map([
  ['mp4a', 'aac'],
  ['Opus', 'opus'],
  ['ac-3', 'ac3'],
  ['ec-3', 'eac3'],
  ['fLaC', 'flac'],
  ['.mp3', 'mp3'],
]);
/** Codecs whose frames say all that there is to know. */
const SELF_DESCRIBING: ReadonlySet<CodecName> = new Set(['ac3', 'eac3', 'mp3']);
/** Codecs whose coded frames begin with their composition time. */
const WITH_COMPOSITION_TIME: ReadonlySet<CodecName> = new Set(['avc', 'hevc', 'vvc']);

const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const VIDEO = { codedFramesX: 3, metadata: 4, mpeg2TsSequenceStart: 5, multitrack: 6 };
const AUDIO_MULTITRACK = 5;
const COMMAND_FRAME = 5;
/** Of the MPEG-2 TS descriptor of AV1: its tag and length, before what av1C has too. */
const AV1_DESCRIPTOR_HEADER = 2;
const AV1_DESCRIPTOR_BODY = 4;
const FLAC_MARKER = Buffer.from('fLaC');

/** The codecs that a file of this format holds, copied or encoded, by the names that Enhanced RTMP has for them. */
export function acceptedFourCcs(format: Format): Readonly<Record<'video' | 'audio', readonly string[]>> {
  const accepted = (codecs: ReadonlyMap<string, CodecName>): readonly string[] =>
    [...codecs].flatMap(([fourCc, codec]) => (isRefused(codec, format) ? [] : fourCc));
  return { video: accepted(VIDEO_CODECS), audio: accepted(AUDIO_CODECS) };
}

export function readEnhancedVideo({ timestampMs, payload }: MediaMessage): MessageContent {
  const frameType = ((payload[0] ?? 0) >> 4) & 0x07;
  const header = readHeader(payload, VIDEO.multitrack);
  if (header === undefined || header.packetType === VIDEO.metadata || frameType === COMMAND_FRAME) {
    return NOTHING;
  }
  const { packetType } = header;
  const isKeyFrame = isKeyFrameType(frameType);
  return joined(header.tracks, ({ trackId, fourCc, body }) => {
    const track: TrackId = `video:${trackId}`;
    const codec = VIDEO_CODECS.get(fourCc);
    if (codec === undefined) return ofUnknown(track, printable(fourCc));
    if (packetType === SEQUENCE_START) return configOf(track, codec, body);
    if (packetType === VIDEO.mpeg2TsSequenceStart && codec === 'av1') return av1Descriptor(track, body);
    if (
      packetType === VIDEO.codedFramesX ||
      (packetType === CODED_FRAMES && !WITH_COMPOSITION_TIME.has(codec))
    ) {
      return ofPacket({ track, codec, dtsMs: timestampMs, ptsMs: timestampMs, isKeyFrame, payload: body });
    }
    if (packetType !== CODED_FRAMES || body.length < 3) return NOTHING;
    const ptsMs = timestampMs + body.readIntBE(0, 3);
    return ofPacket({ track, codec, dtsMs: timestampMs, ptsMs, isKeyFrame, payload: body.subarray(3) });
  });
}

export function readEnhancedAudio({ timestampMs, payload }: MediaMessage): MessageContent {
  const header = readHeader(payload, AUDIO_MULTITRACK);
  if (header === undefined) return NOTHING;
  const { packetType } = header;
  return joined(header.tracks, ({ trackId, fourCc, body }) => {
    const track: TrackId = `audio:${trackId}`;
    const codec = AUDIO_CODECS.get(fourCc);
    if (codec === undefined) return ofUnknown(track, printable(fourCc));
    if (packetType === SEQUENCE_START) return configOf(track, codec, body);
    if (packetType !== CODED_FRAMES) return NOTHING;
    const packet = { track, codec, dtsMs: timestampMs, ptsMs: timestampMs, isKeyFrame: true, payload: body };
    return SELF_DESCRIBING.has(codec) ? ofSelfDescribing(packet) : ofPacket(packet);
  });
}

/** Some publishers send vpcC and fLaC with what stands before the record in an MP4 or a FLAC file, and some without. */
function configOf(track: TrackId, codec: CodecName, body: Buffer): MessageContent {
  // What such a codec's start says is of no use: its first packet announces it.
  if (body.length === 0 || SELF_DESCRIBING.has(codec)) return NOTHING;
  return ofConfig(track, codec, recordOf(codec, body));
}

function recordOf(codec: CodecName, body: Buffer): Buffer {
  // Version 1 and three bytes of flags. No record begins like this: it would have samples of 0 bits.
  const isFullBox =
    (codec === 'vp9' || codec === 'vp8') && body.length >= 12 && body.readUInt32BE(0) === 0x0100_0000;
  const hasMarker = codec === 'flac' && body.subarray(0, 4).equals(FLAC_MARKER);
  return isFullBox || hasMarker ? body.subarray(4) : body;
}

function av1Descriptor(track: TrackId, body: Buffer): MessageContent {
  const record = body.subarray(AV1_DESCRIPTOR_HEADER, AV1_DESCRIPTOR_HEADER + AV1_DESCRIPTOR_BODY);
  return record.length < AV1_DESCRIPTOR_BODY ? NOTHING : ofConfig(track, 'av1', record);
}

function joined(tracks: readonly TrackBody[], read: (track: TrackBody) => MessageContent): MessageContent {
  const [first] = tracks;
  if (tracks.length === 1 && first !== undefined) return read(first);
  const all = tracks.map((track) => read(track));
  return {
    configs: all.flatMap(({ configs }) => configs),
    packets: all.flatMap(({ packets }) => packets),
    unknown: all.flatMap(({ unknown }) => unknown),
  };
}

function printable(fourCc: string): string {
  return /^[ -~]*$/.test(fourCc) ? fourCc : `0x${Buffer.from(fourCc, 'latin1').toString('hex')}`;
}
