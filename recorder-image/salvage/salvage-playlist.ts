import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf, segmentsFolder } from '../contract/object-keys.ts';
import { readSegmentList } from '../upload/event-playlist.ts';
import { putOwn } from '../upload/own-objects.ts';
import { ownerOf } from '../upload/ownership.ts';
import { crc32Base64 } from '../upload/read-part.ts';
import type { UploadedFile } from '../upload/upload-state.ts';
import { listedIn } from '../verify/verify-playlist.ts';
import type { SalvageContext } from './salvage-files.ts';

export interface Salvaged {
  /** None where there was nothing to save. */
  readonly files: readonly UploadedFile[];
  readonly durationMs?: number;
  /** Unix time in ms. */
  readonly startedAt?: number;
}

const END = '#EXT-X-ENDLIST';

/** Ends the playlist. All segments that it lists are there: each one came before the playlist that lists it. */
export async function salvagePlaylist(context: SalvageContext, signal: AbortSignal): Promise<Salvaged> {
  const { config, store, log } = context;
  const { key } = config;
  const found = await store.find(key, signal);
  if (found === undefined || ownerOf(found, config.metadata) === 'another') return { files: [] };
  const playlist = await textOf(context, signal);
  const whole = playlist.includes(END);
  const body = Buffer.from(whole ? playlist : `${playlist.trimEnd()}\n${END}\n`);
  if (!whole) {
    const metadata = { ...config.metadata, ...found.metadata };
    const contentType = 'application/vnd.apple.mpegurl';
    await putOwn(store, { key, contentType, metadata, body, crc32: crc32Base64(body) }, signal);
    log.info({ key }, 'ended the playlist that a lost recorder had left');
  }
  // Not what is not listed: the recorder was lost before it could.
  const stored = await store.list(`${segmentsFolder(key)}/`, signal);
  const sizes = segmentKeys(key, playlist).map((segment) => stored.get(segment) ?? 0);
  const seconds = readSegmentList(playlist).reduce((sum, segment) => sum + segment.durationSeconds, 0);
  const startedAt = Date.parse(/#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(playlist)?.[1] ?? '');
  return {
    files: [{ key, sizeBytes: sizes.reduce((sum, size) => sum + size, body.length) }],
    durationMs: seconds * 1000,
    ...(Number.isNaN(startedAt) ? {} : { startedAt }),
  };
}

/** The keys of the segments that the playlist of this key lists, headers included. */
export function segmentKeys(key: string, playlist: string): string[] {
  return listedIn(playlist).names.map((name) => folderOf(key) + decodeURIComponent(name));
}

async function textOf({ config, store }: SalvageContext, signal: AbortSignal): Promise<string> {
  await mkdir(config.storagePath, { recursive: true });
  const folder = await mkdtemp(join(config.storagePath, 'salvage-'));
  try {
    const path = join(folder, 'playlist');
    await store.download({ key: config.key }, path, signal);
    return await readFile(path, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
