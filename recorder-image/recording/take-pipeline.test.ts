import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { OutputProof, openOutputProof } from '../proof/output-proof.ts';
import type { OutputProofOptions } from '../proof/output-proof.ts';
import type { Proof } from '../proof/proof.ts';
import { madeFile } from '../proof/testing/made-file.ts';
import type { MadeFile } from '../proof/testing/made-file.ts';
import { MemoryStore } from '../upload/testing/memory-store.ts';
import { KEY, outputIn, testUploader } from '../upload/testing/test-uploader.ts';
import type { SavedTake, StoredFile } from './renditions/rendition.ts';
import { TakePipeline } from './take-pipeline.ts';
import type { TakePipelineOptions } from './take-pipeline.ts';

const log = pino({ level: 'silent' });
const forever = new AbortController().signal;
const JOURNAL: StoredFile = { key: 'journal.flv', sizeBytes: 1, format: 'flv', contents: [] };

/** One take on its way to a store in memory, whose muxer writes what it is told to. */
class Scene {
  readonly store = new MemoryStore();
  readonly file: MadeFile;
  readonly #folder: string;
  made = 0;
  journals = 0;

  constructor(file: MadeFile, folder: string) {
    this.file = file;
    this.#folder = folder;
  }

  get #proofOptions(): OutputProofOptions {
    const { store } = this;
    const { expectation } = this.file;
    return { format: 'mp4', expectation, path: join(this.#folder, 'proof.json'), store, log };
  }

  /** A recorder, which goes on with what one before it has left. `write` gives what the muxer makes each time. */
  async record(write: (file: MadeFile, tries: number) => Buffer): Promise<SavedTake> {
    const proof = await openOutputProof(this.#proofOptions);
    const uploader = await testUploader(this.#folder, this.store, { partSize: 10_000, observer: proof });
    const muxer = {
      run: async () => {
        uploader.restarted();
        this.made += 1;
        await writeFile(outputIn(this.#folder), write(this.file, this.made));
      },
    };
    const journal = {
      completed: undefined,
      run: () => {
        this.journals += 1;
        return Promise.resolve(JOURNAL);
      },
    };
    const pipeline = new TakePipeline({
      muxer: muxer as unknown as TakePipelineOptions['muxer'],
      uploader,
      journal: journal as unknown as TakePipelineOptions['journal'],
      proof: (signal) => proof.of([KEY], signal),
      saveWithoutRoom: () => Promise.reject(new Error('there is room')),
      giveUp: () => Promise.resolve(undefined),
      onMuxed: () => undefined,
      log,
    });
    return await pipeline.run(forever);
  }
}

/** With a bit of a packet changed that is decoded after so many ms. */
function flipped({ bytes, packets }: MadeFile, afterMs: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = bytes.indexOf(packets.find(({ dtsMs }) => dtsMs > afterMs)?.payload ?? '');
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

async function inScene(test: (scene: Scene) => Promise<void>): Promise<void> {
  await using folder = await tempDirectory('pipeline');
  await test(new Scene(await madeFile({ seconds: 5 }), folder.path));
}

describe('a take on its way to the store', () => {
  it('is proven by the bytes that were sent', () =>
    inScene(async (scene) => {
      const saved = await scene.record(({ bytes }) => bytes);
      expect(saved).toMatchObject({ file: { key: KEY }, proof: { differences: [] } });
      expect(scene.store.bodyOf(KEY)).toEqual(scene.file.bytes);
      expect(scene).toMatchObject({ made: 1, journals: 0 });
    }));

  it('is made once more when it differs from the journal, before anything became of it', () =>
    inScene(async (scene) => {
      const saved = await scene.record((file, tries) => {
        expect(scene.store.bodyOf(KEY)).toBeUndefined();
        return tries === 1 ? flipped(file, 2000) : file.bytes;
      });
      expect(saved).toMatchObject({ proof: { differences: [] } });
      expect(scene.store.bodyOf(KEY)).toEqual(scene.file.bytes);
      expect(scene).toMatchObject({ made: 2, journals: 0 });
    }));

  it('has its journal beside it when it differs again', () =>
    inScene(async (scene) => {
      const saved = await scene.record((file) => flipped(file, 3500));
      expect(saved.proof?.differences).toHaveLength(1);
      expect(saved.proof?.differences[0]).toMatch(/other payloads, from second 3 on/);
      expect(saved.proof?.differentSeconds).toEqual([3]);
      expect(saved).toMatchObject({ file: { key: KEY }, journal: JOURNAL });
      expect(scene).toMatchObject({ made: 2, journals: 1 });
    }));

  it('says the same when it is asked again by another recorder', () =>
    inScene(async (scene) => {
      const before = await scene.record((file) => flipped(file, 3500));
      expect(await scene.record(() => Buffer.alloc(0))).toEqual(before);
      expect(scene.made).toBe(2);
    }));

  it('is read from the store where nobody has kept what was found in it', () =>
    inScene(async (scene) => {
      const { proof: before } = await scene.record(({ bytes }) => bytes);
      const options = {
        format: 'mp4' as const,
        expectation: scene.file.expectation,
        store: scene.store,
        log,
      };
      const path = '/nowhere/proof.json';
      const found: Proof = await new OutputProof({ ...options, path }, undefined).of([KEY], forever);
      expect(found).toEqual(before);
    }));
});
