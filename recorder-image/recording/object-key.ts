import { posix } from 'node:path';

/** The key of a take's file: the recording's own for the first take, and one beside it for each further one. */
export function takeKey(key: string, takeIndex: number): string {
  if (takeIndex === 1) return key;
  const extension = posix.extname(key);
  return `${key.slice(0, key.length - extension.length)}-take${takeIndex}${extension}`;
}

/** What the keys of a recording's segments begin with, but for the slash: the playlist's key without its extension. */
export function segmentsFolder(key: string): string {
  const extension = posix.extname(key);
  return extension === '' ? `${key}.segments` : key.slice(0, key.length - extension.length);
}
