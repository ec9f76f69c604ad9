import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Decodes a file from start to end, as a player would. Throws with FFmpeg's words when anything is wrong with it. */
export async function expectPlayable(file: string, ffmpegPath: string): Promise<void> {
  const decode = [
    '-nostdin',
    '-hide_banner',
    '-loglevel',
    'error',
    '-i',
    file,
    '-map',
    '0',
    // Each picture at its own time: after a gap, the rate that FFmpeg guesses has no place for all of them.
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    '-1',
    '-f',
    'null',
    '-',
  ];
  const { stderr } = await promisify(execFile)(ffmpegPath, decode);
  if (stderr !== '') throw new Error(`${file} does not play from start to end: ${stderr.slice(-1000)}`);
}
