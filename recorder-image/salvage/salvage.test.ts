import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { parseSalvageEnvironment } from '../contract/environment.ts';
import { EXIT_CODES } from '../contract/exit-codes.ts';
import type { Outcome } from '../recording/outcome.ts';
import { MemoryStore, storeError } from '../upload/testing/memory-store.ts';
import { salvage } from './salvage.ts';
import { salvageConfigFrom } from './salvage-config.ts';

const KEY = 'recordings/standup/rec.mp4';
const forever = new AbortController().signal;
const log = pino({ level: 'silent' });

/** Salvages an upload of one part from a store that answers in its own way, and waits for no refusal to pass. */
async function salvaged(answer: (store: MemoryStore) => void): Promise<Outcome> {
  await using folder = await tempDirectory('salvage');
  const environment = {
    ...{ RECORDING_ID: 'rec', RECORDING_STORAGE_PATH: folder.path, RESULT_PATH: `${folder.path}/result` },
    ...{ S3_BUCKET: 'bucket', S3_KEY: KEY },
  };
  const config = { ...salvageConfigFrom(parseSalvageEnvironment(environment)), giveUpAfterMs: 0 };
  const store = new MemoryStore();
  const { uploadId } = await store.create({ key: KEY, contentType: 'video/mp4', metadata: config.metadata });
  await store.sendPart({ key: KEY, uploadId, number: 1, body: Buffer.from('a part'), crc32: '' });
  answer(store);
  return await salvage({ config, store, log }, forever);
}

describe('a store that never makes an object of what a lost recorder has sent', () => {
  it.each(['refused', 'invalid-part', 'exists'] as const)('is given up: %s', async (failure) => {
    const { exitCode, result } = await salvaged((store) => {
      store.complete = () => Promise.reject(storeError('No', failure));
    });
    expect(exitCode).toBe(EXIT_CODES.uploadImpossible);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'No' } });
  });

  it('is given up where it refuses to list what is there', async () => {
    const { exitCode } = await salvaged((store) => {
      store.openUploads = () => Promise.reject(storeError('AccessDenied', 'refused'));
    });
    expect(exitCode).toBe(EXIT_CODES.uploadImpossible);
  });

  it('is waited for while it has trouble of its own', async () => {
    let asked = 0;
    const { exitCode } = await salvaged((store) => {
      const own = store.openUploads.bind(store);
      store.openUploads = (...args) => {
        asked += 1;
        return asked === 1 ? Promise.reject(storeError('SlowDown', 'transient')) : own(...args);
      };
      store.complete = () => Promise.reject(storeError('No', 'refused'));
    });
    expect(asked).toBeGreaterThan(1);
    expect(exitCode).toBe(EXIT_CODES.uploadImpossible);
  });
});
