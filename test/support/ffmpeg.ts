import { ensureFfmpeg } from '../cluster/images/ffmpeg.ts';
import { ensurePackages } from '../cluster/toolchain/packages.ts';
import { succeeds } from '../cluster/run-command.ts';

/** The recorder's own FFmpeg: it remuxes and reads back, and encodes only what a recording needs. */
export async function ffmpegPath(): Promise<string> {
  return (await ensureFfmpeg()).ffmpeg;
}

/** A full FFmpeg with every encoder, for making what is published; Debian's package unless there is one already. */
export async function debianFfmpegPath(): Promise<string> {
  if (!(await succeeds('ffmpeg', ['-version']))) await ensurePackages(['ffmpeg']);
  return 'ffmpeg';
}
