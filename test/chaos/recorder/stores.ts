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

interface Setting {
  readonly seed: number;
  /** The folder of all buckets. */
  readonly root: string;
  /** A folder on the same disk. */
  readonly aside: string;
}

const BEHAVIOURS: Readonly<Record<StoreName, (setting: Setting) => Partial<StoreBehaviour>>> = {
  'slow-down': ({ seed }) => ({ manner: slowDownStorm(seed) }),
  moved: ({ root, aside }) => movingStore(root, aside),
  'metadata-dropped': () => ({ manner: () => renamesMetadata(() => undefined) }),
  'metadata-upper-case': () => ({ manner: () => renamesMetadata((header) => header.toUpperCase()) }),
  'checksums-refused': () => ({ manner: refusesChecksums, env: { S3_CHECKSUMS: 'when_required' } }),
  'error-in-200': ({ seed }) => ({ manner: failsCompletions(between(seededRandom(seed), 1, 4)) }),
  slow: ({ seed }) => {
    const bytesPerSecond = between(seededRandom(seed), 2_000_000, 8_000_000);
    return { manner: () => ({ bytesPerSecond }) };
  },
};

export function storeOf(name: StoreName, setting: Setting): StoreBehaviour {
  return {
    manner: () => undefined,
    env: {},
    settle: () => Promise.resolve(),
    ...BEHAVIOURS[name](setting),
  };
}

/** Renamed on the disk: what the server knows of an object stays with it. */
function movingStore(root: string, aside: string): Partial<StoreBehaviour> {
  const moved = new Map<string, string>();
  return {
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
