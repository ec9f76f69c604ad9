import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where built programs, images and clusters live: outside the checkout, so that a fresh clone builds
 * nothing again. `MEETREC_CACHE` moves it.
 */
export function cacheDirectory(): string {
  const chosen = process.env['MEETREC_CACHE'];
  return chosen === undefined || chosen === '' ? join(homedir(), '.cache', 'meetrec') : resolve(chosen);
}
