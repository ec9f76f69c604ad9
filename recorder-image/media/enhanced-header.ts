/** One track's part of a message. */
export interface TrackBody {
  readonly trackId: number;
  readonly fourCc: string;
  readonly body: Buffer;
}

export interface EnhancedHeader {
  readonly packetType: number;
  /** Several with multitrack. */
  readonly tracks: readonly TrackBody[];
}

const MOD_EX = 7;
const ONE_TRACK = 0;
const MANY_CODECS = 2;
const FOURCC_SIZE = 4;

/**
 * What Enhanced RTMP v2 puts before the coded frames, which is the same for audio and video but for the number of the
 * packet type that stands for multitrack. Undefined where it is cut short. A track that is cut short is left out.
 */
export function readHeader(payload: Buffer, multitrack: number): EnhancedHeader | undefined {
  let packetType = (payload[0] ?? 0) & 0x0f;
  let offset = 1;
  while (packetType === MOD_EX) {
    // Each says one thing more, like nanoseconds: none changes what is kept, and unknown ones may be skipped.
    let size = (payload[offset] ?? 0) + 1;
    offset += 1;
    if (size === 256) {
      if (offset + 2 > payload.length) return undefined;
      size = payload.readUInt16BE(offset) + 1;
      offset += 2;
    }
    offset += size;
    if (offset >= payload.length) return undefined;
    packetType = (payload[offset] ?? 0) & 0x0f;
    offset += 1;
  }
  if (packetType !== multitrack) {
    const fourCc = fourCcAt(payload, offset);
    if (fourCc === undefined) return undefined;
    return { packetType, tracks: [{ trackId: 0, fourCc, body: payload.subarray(offset + FOURCC_SIZE) }] };
  }
  const layout = (payload[offset] ?? 0) >> 4;
  packetType = (payload[offset] ?? 0) & 0x0f;
  return { packetType, tracks: readTracks(payload, offset + 1, layout) };
}

function readTracks(payload: Buffer, start: number, layout: number): readonly TrackBody[] {
  if (layout > MANY_CODECS) return [];
  let offset = start;
  let fourCc: string | undefined;
  if (layout !== MANY_CODECS) {
    fourCc = fourCcAt(payload, offset);
    offset += FOURCC_SIZE;
  }
  const tracks: TrackBody[] = [];
  while (offset < payload.length) {
    if (layout === MANY_CODECS) {
      fourCc = fourCcAt(payload, offset);
      offset += FOURCC_SIZE;
    }
    const trackId = payload[offset];
    if (fourCc === undefined || trackId === undefined) break;
    offset += 1;
    if (layout === ONE_TRACK) {
      tracks.push({ trackId, fourCc, body: payload.subarray(offset) });
      break;
    }
    if (offset + 3 > payload.length) break;
    const end = offset + 3 + payload.readUIntBE(offset, 3);
    if (end > payload.length) break;
    tracks.push({ trackId, fourCc, body: payload.subarray(offset + 3, end) });
    offset = end;
  }
  return tracks;
}

function fourCcAt(payload: Buffer, offset: number): string | undefined {
  if (offset + FOURCC_SIZE > payload.length) return undefined;
  return payload.toString('latin1', offset, offset + FOURCC_SIZE);
}
