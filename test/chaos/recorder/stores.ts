import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Manner, S3Request } from '../../support/proxy/s3-manner.ts';
import {
  failsCompletions,
  isCompletion,
  refusesChecksums,
  renamesMetadata,
  slowDownStorm,
} from '../../support/proxy/store-manners.ts';
import { between, seededRandom } from './random.ts';

/** What stores do that are not the one that the recorder was written against; for the whole of a run. */
export const STORES = [
  /** It refuses every second request. */
  'slow-down',
  /** An object goes elsewhere as soon as it is complete, and comes back when the recording is over. */
  'moved',
  'metadata-dropped',
  'metadata-upper-case',
  'checksums-refused',
  /** The first completions are answered with 200 and an error. */
  'error-in-200',
  /** A few megabytes each second. */
  'slow',
] as const;
export type StoreName = (typeof STORES)[number];

export interface StoreBehaviour {
  readonly manner: (request: S3Request) => Manner | undefined;
  /** What the recorder has to be told of such a store. */
  readonly env: Readonly<Record<string, string>>;
  /** Before the recording is looked at. */
  readonly settle: () => Promise<void>;
}

/** @param root the folder of all buckets; `aside` is a folder on the same disk. */
export function storeOf(
  name: StoreName,
  { seed, root, aside }: { readonly seed: number; readonly root: string; readonly aside: string },
): StoreBehaviour {
  const as = (manner: StoreBehaviour['manner'], env: StoreBehaviour['env'] = {}): StoreBehaviour => ({
    manner,
    env,
    settle: () => Promise.resolve(),
  });
  const random = seededRandom(seed);
  switch (name) {
    case 'slow-down':
      return as(slowDownStorm(seed));
    case 'moved':
      return movingStore(root, aside);
    case 'metadata-dropped':
      return as(() => renamesMetadata(() => undefined));
    case 'metadata-upper-case':
      return as(() => renamesMetadata((header) => header.toUpperCase()));
    case 'checksums-refused':
      return as(refusesChecksums, { S3_CHECKSUMS: 'when_required' });
    case 'error-in-200':
      return as(failsCompletions(between(random, 1, 4)));
    case 'slow': {
      const bytesPerSecond = between(random, 2_000_000, 8_000_000);
      return as(() => ({ bytesPerSecond }));
    }
  }
}

/** Renamed on the disk: what the server knows of an object stays with it. */
function movingStore(root: string, aside: string): StoreBehaviour {
  const moved = new Map<string, string>();
  return {
    env: {},
    manner: (request) => {
      if (!isCompletion(request)) return undefined;
      const path = join(root, decodeURIComponent(new URL(request.url, 'http://s3').pathname));
      const away = join(aside, basename(path));
      const afterwards = async (): Promise<undefined> => {
        await mkdir(aside, { recursive: true });
        if (await moveIfThere(path, away)) moved.set(path, away);
      };
      return { afterwards };
    },
    settle: async () => {
      for (const [path, away] of moved) {
        await mkdir(dirname(path), { recursive: true });
        await moveIfThere(away, path);
      }
    },
  };
}

/** A completion that was refused has made nothing. */
async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
