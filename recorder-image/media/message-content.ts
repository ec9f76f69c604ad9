import type { CodecName } from '../contract/codecs.ts';
import type { MessageContent, Packet, TrackId } from './track.ts';

export const NOTHING: MessageContent = { configs: [], packets: [], unknown: [] };
const NO_RECORD = Buffer.alloc(0);

export function ofConfig(track: TrackId, codec: CodecName, record: Buffer): MessageContent {
  return { configs: [{ track, codec, record }], packets: [], unknown: [] };
}

/** Of a codec that was announced before. */
export function ofPacket(packet: Packet): MessageContent {
  return packet.payload.length === 0 ? NOTHING : { configs: [], packets: [packet], unknown: [] };
}

/** Of a codec that is announced by its packets. */
export function ofSelfDescribing(packet: Packet, record: Buffer = NO_RECORD): MessageContent {
  const { track, codec, payload } = packet;
  if (payload.length === 0) return NOTHING;
  return { configs: [{ track, codec, record }], packets: [packet], unknown: [] };
}

export function ofUnknown(track: TrackId, name: string): MessageContent {
  return { configs: [], packets: [], unknown: [{ track, name }] };
}
