const AUDIO = 8;
const AAC = 10;
const ENHANCED_AUDIO = 9;
const ENHANCED_VIDEO = 0x80;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;
/** The first byte and the FourCC. */
const ENHANCED_HEADER = 5;
const COMPOSED: ReadonlySet<string> = new Set(['avc1', 'hvc1']);

/**
 * What an FLV tag carries, without FLV's and Enhanced RTMP's own bytes before it; undefined for a codec configuration. Of
 * pictures by FLV's own numbers it knows H.264 and HEVC, and multitrack not at all. Read here once more, apart from the
 * recorder's reader, so that a mistake in that one is seen.
 */
export function codedFrame(tagType: number, payload: Buffer): Buffer | undefined {
  const first = payload[0] ?? 0;
  const isAudio = tagType === AUDIO;
  if (isAudio ? first >> 4 === ENHANCED_AUDIO : first >= ENHANCED_VIDEO)
    return enhancedFrame(payload, isAudio);
  if (isAudio && first >> 4 !== AAC) return payload.subarray(1);
  return payload[1] === CODED_FRAMES ? payload.subarray(isAudio ? 2 : 5) : undefined;
}

function enhancedFrame(payload: Buffer, isAudio: boolean): Buffer | undefined {
  const packetType = (payload[0] ?? 0) & 0x0f;
  const isComposed = !isAudio && COMPOSED.has(payload.toString('latin1', 1, ENHANCED_HEADER));
  // The composition time stands between.
  if (packetType === CODED_FRAMES) return payload.subarray(ENHANCED_HEADER + (isComposed ? 3 : 0));
  return packetType === CODED_FRAMES_X && !isAudio ? payload.subarray(ENHANCED_HEADER) : undefined;
}
