import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import type { TrackComparison } from '../support/media/packets.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';

export interface Inspection {
  /** What ffprobe tells of the file. */
  readonly summary: string;
  readonly ok: boolean;
  /** Packets that the simulator sent, and those of them that the file lacks. */
  readonly published: number;
  readonly missing: number;
  /** The verdict for people. */
  readonly verdict: readonly string[];
}

/** Compares the downloaded file with what was pushed, packet by packet, and plays it from start to end. */
export async function inspectFile(files: { published: string; recording: string }): Promise<Inspection> {
  const ffmpeg = await debianFfmpegPath();
  const entries =
    'format=format_name,duration,size,bit_rate:stream=index,codec_name,profile,width,height,avg_frame_rate,sample_rate,channels,nb_frames';
  const summary = await run('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    entries,
    '-of',
    'compact',
    files.recording,
  ]);
  const [published, recorded] = await Promise.all([
    packetHashes(files.published),
    packetHashes(files.recording),
  ]);
  const { ok, video, audio } = comparePackets(published, recorded);
  await expectPlayable(files.recording, ffmpeg);
  return {
    summary,
    ok,
    published: video.published + audio.published,
    missing: video.missing + audio.missing,
    verdict: [
      line('video', video),
      line('audio', audio),
      'The file plays from start to end.',
      ok
        ? 'VERDICT: every audio and video packet that was published is in the file.'
        : 'VERDICT: FAILED. The file is not what was published.',
    ],
  };
}

function line(track: string, { published, recorded, missing, extra, firstMissing }: TrackComparison): string {
  const where = firstMissing === undefined ? '' : `, the first of them number ${firstMissing}`;
  return `${track}: ${published} packets published, ${recorded} in the file, ${missing} missing${where}, ${extra} that were not published`;
}
