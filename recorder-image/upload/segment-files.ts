import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSegmentList } from './event-playlist.ts';

/** What is written of a take, in a folder of its own. */
export const PLAYLIST_FILE = 'index.m3u8';
export const INIT_FILE = 'init.mp4';

/** The finished segments that have been listed so far; they need not be there any more. */
export async function segmentsIn(directory: string): Promise<ReturnType<typeof readSegmentList>> {
  try {
    return readSegmentList(await readFile(join(directory, PLAYLIST_FILE), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
