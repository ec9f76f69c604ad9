import { join } from 'node:path';
import type { CodecName } from '../../../recorder-image/contract/codecs.ts';
import { encodeTrack } from '../../support/media/coded-track.ts';
import type { CodedTrack } from '../../support/media/coded-track.ts';
import { interleaved, messagesOf } from '../../support/media/rtmp-forms.ts';
import type { Form } from '../../support/media/rtmp-forms.ts';
import { md5 } from './journal-link.ts';
import type { Clip } from './media.ts';
import type { CodecFault } from './plan.ts';

const SECONDS = 6;
/** A recorder waits so long, and longer, for a track that may still come. */
const LATE_MS = 3000;

export type CodecClips = Readonly<Record<CodecFault, Clip>>;

/** What publishers send besides FFmpeg's H.264 and AAC. */
export async function makeCodecClips(folder: string): Promise<CodecClips> {
  const track = async (codec: CodecName): Promise<CodedTrack> =>
    await encodeTrack({ codec, path: join(folder, 'codec'), seconds: SECONDS });
  const [avc, aac, g711] = [await track('avc'), await track('aac'), await track('pcma')];
  const [hevc, opus] = [await track('hevc'), await track('opus')];
  const beside = clipOf(avc, g711, 'flv');
  return {
    'codec-g711': { ...beside, encodedAudioPacketSeconds: SECONDS / g711.packets.length },
    'codec-late-audio': clipOf(avc, delayed(aac), 'flv'),
    'codec-fourcc': clipOf(hevc, opus, 'enhanced'),
  };
}

function clipOf(picture: CodedTrack, sound: CodedTrack, form: Form): Clip {
  const hashes = ({ packets }: CodedTrack): string[] => packets.map(({ payload }) => md5(payload));
  return {
    media: interleaved([messagesOf(picture, form), messagesOf(sound, form)]),
    packets: { video: hashes(picture), audio: hashes(sound) },
  };
}

function delayed(track: CodedTrack): CodedTrack {
  const early = track.packets.filter(({ dtsMs }) => dtsMs + LATE_MS < SECONDS * 1000);
  const packets = early.map((packet) => ({
    ...packet,
    dtsMs: packet.dtsMs + LATE_MS,
    ptsMs: packet.ptsMs + LATE_MS,
  }));
  return { ...track, packets };
}
