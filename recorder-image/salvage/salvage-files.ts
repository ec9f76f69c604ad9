import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { takeKey } from '../contract/object-keys.ts';
import type { ObjectStore, StoredObject } from '../upload/object-store.ts';
import { completeAbandonedUpload, findAgain } from './abandoned-upload.ts';
import { Claim } from './claim.ts';
import { beginningOf, BEGINNING_BYTES, isUnfinished } from './container.ts';
import { DURATION, reindex, REINDEXED } from './reindex.ts';
import type { SalvageConfig } from './salvage-config.ts';
import type { Salvaged } from './salvage-playlist.ts';

export interface SalvageContext {
  readonly config: SalvageConfig;
  readonly store: ObjectStore;
  readonly log: Logger;
}

/** More takes than any recording has: one each second would be thousands, but then nothing is worth saving. */
const MOST_TAKES = 1000;

/** Saves the file of each take, until there is a take of which nothing was stored. */
export async function salvageFiles(context: SalvageContext, signal: AbortSignal): Promise<Salvaged> {
  const { config } = context;
  const files: { key: string; stored: StoredObject }[] = [];
  for (let take = 1; take <= MOST_TAKES; take += 1) {
    const key = takeKey(config.key, take);
    const stored = await salvageFile(context, key, signal);
    // The first take may have been too short to leave anything.
    if (stored === undefined && take > 1) break;
    if (stored !== undefined) files.push({ key, stored });
  }
  const [first] = files;
  const seconds = files.map(({ stored }) => Number(stored.metadata[DURATION]));
  const durationMs = seconds.reduce((sum, each) => sum + each * 1000, 0);
  const startedAt = Date.parse(first?.stored.metadata['started-at'] ?? '');
  return {
    files: files.map(({ key, stored: { sizeBytes, checksum, etag } }) => ({
      key,
      sizeBytes,
      ...(checksum === undefined ? {} : { checksum }),
      ...(etag === undefined ? {} : { etag }),
    })),
    ...(files.length > 0 && Number.isFinite(durationMs) ? { durationMs } : {}),
    ...(Number.isNaN(startedAt) ? {} : { startedAt }),
  };
}

async function salvageFile(
  context: SalvageContext,
  key: string,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const { config, store, log } = context;
  const claim = new Claim({ store, key, log });
  const abandoned = { store, key, metadata: config.metadata, claim, log };
  try {
    const stored = await completeAbandonedUpload(abandoned, signal);
    if (stored === undefined) return undefined;
    const worthIt = stored.sizeBytes <= config.reindexMaxBytes;
    const done = stored.metadata['salvaged'] === REINDEXED.salvaged;
    if (done || !worthIt) return stored;
    if (await breaksOff(context, key, signal)) {
      await claim.make(signal);
      await reindex({ config, store, key, stored, log }, signal);
    }
    // Another salvage may have put its own in place since it was looked at.
    return await findAgain(abandoned, signal);
  } finally {
    await claim.release(signal);
  }
}

async function breaksOff(
  { config, store }: SalvageContext,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  await mkdir(config.storagePath, { recursive: true });
  const folder = await mkdtemp(join(config.storagePath, 'salvage-'));
  try {
    const path = join(folder, 'beginning');
    await store.download({ key, firstBytes: BEGINNING_BYTES }, path, signal);
    return isUnfinished(await beginningOf(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
