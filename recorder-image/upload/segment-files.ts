import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSegmentList } from './event-playlist.ts';
import { hasWholeBoxes } from './whole-boxes.ts';

/** What FFmpeg writes of a take, in a folder of its own. */
export const PLAYLIST_FILE = 'index.m3u8';
export const INIT_FILE = 'init.mp4';
const END = '#EXT-X-ENDLIST';

/** The finished segments that FFmpeg has listed so far; they need not be there any more. */
export async function segmentsIn(directory: string): Promise<ReturnType<typeof readSegmentList>> {
  return readSegmentList(await playlistIn(directory));
}

/**
 * What is wrong with what FFmpeg has written, if anything: its HLS muxer goes on, and ends as if all were well, when the
 * disk does not take what it writes.
 */
export async function damageIn(directory: string, ended: boolean): Promise<string | undefined> {
  const playlist = await playlistIn(directory);
  if (ended && !playlist.includes(END)) return 'the playlist could not be written: No space left on device?';
  const there = new Set(await readdir(directory));
  const listed = readSegmentList(playlist).map(({ file }) => file);
  const files = listed.length > 0 ? [INIT_FILE, ...listed.filter((file) => there.has(file))] : [];
  for (const file of files) {
    if (await hasWholeBoxes(join(directory, file))) continue;
    // Uploaded and deleted since it was looked for.
    if (file !== INIT_FILE && !(await readdir(directory)).includes(file)) continue;
    return `${file} could not be written: No space left on device?`;
  }
  return undefined;
}

async function playlistIn(directory: string): Promise<string> {
  try {
    return await readFile(join(directory, PLAYLIST_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
