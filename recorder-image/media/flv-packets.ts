import { readEnhancedAudio, readEnhancedVideo } from './enhanced-rtmp.ts';
import { readLegacyAudio, readLegacyVideo } from './legacy-flv.ts';
import type { MediaMessage, MessageContent } from './track.ts';

const ENHANCED_AUDIO = 9;
const ENHANCED_VIDEO = 0x80;

/**
 * What is in an audio or video message, by "Video File Format Specification Version 10", Annex E, and by Enhanced RTMP
 * v2. Payloads and records are parts of the message's bytes, which are not copied. What belongs in no recording (end
 * of a sequence, seek commands, HDR metadata) and what is cut short gives nothing. Never throws.
 */
export function readMessage(message: MediaMessage): MessageContent {
  const first = message.payload[0] ?? 0;
  if (message.kind === 'audio') {
    return first >> 4 === ENHANCED_AUDIO ? readEnhancedAudio(message) : readLegacyAudio(message);
  }
  return (first & ENHANCED_VIDEO) === 0 ? readLegacyVideo(message) : readEnhancedVideo(message);
}
