import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentsFolder } from '../contract/object-keys.ts';
import { readSegmentList } from '../upload/event-playlist.ts';
import { putOwn } from '../upload/own-objects.ts';
import { ownerOf } from '../upload/ownership.ts';
import { crc32Base64 } from '../upload/read-part.ts';
import type { UploadedFile } from '../upload/upload-state.ts';
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
  const stored = await store.find(key, signal);
  if (stored === undefined || ownerOf(stored, config.metadata) === 'another') return { files: [] };
  const playlist = await textOf(context, signal);
  const whole = playlist.includes(END);
  const body = Buffer.from(whole ? playlist : `${playlist.trimEnd()}\n${END}\n`);
  if (!whole) {
    const metadata = { ...config.metadata, ...stored.metadata };
    const contentType = 'application/vnd.apple.mpegurl';
    await putOwn(store, { key, contentType, metadata, body, crc32: crc32Base64(body) }, signal);
    log.info({ key }, 'ended the playlist that a lost recorder had left');
  }
  const sizes = [...(await store.list(`${segmentsFolder(key)}/`, signal)).values()];
  const seconds = readSegmentList(playlist).reduce((sum, segment) => sum + segment.durationSeconds, 0);
  const startedAt = Date.parse(/#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(playlist)?.[1] ?? '');
  return {
    files: [{ key, sizeBytes: sizes.reduce((sum, size) => sum + size, body.length) }],
    durationMs: seconds * 1000,
    ...(Number.isNaN(startedAt) ? {} : { startedAt }),
  };
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
