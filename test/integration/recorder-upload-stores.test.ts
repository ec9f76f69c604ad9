import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Manner, S3Request } from '../support/proxy/s3-manner.ts';
import {
  failsCompletions,
  failure,
  isCompletion,
  isCreation,
  isPart,
  refusal,
  refusesChecksums,
  renamesMetadata,
  slowDownStorm,
} from '../support/proxy/store-manners.ts';
import { startUploadBench } from './upload-support/upload-bench.ts';
import type { UploadBench } from './upload-support/upload-bench.ts';
import { STORES } from './upload-support/stores.ts';

vi.setConfig({ testTimeout: 240_000 });

describe.each(STORES)('a store that is $name', ({ start }) => {
  const resources = new AsyncDisposableStack();
  let bench: UploadBench;

  beforeAll(async () => {
    bench = resources.use(await startUploadBench(await start()));
  }, 900_000);
  afterAll(() => resources.disposeAsync());

  it('takes a file as it is, and says so', async () => {
    const { key, bytes, outcome, seen } = await bench.upload();
    const file = await outcome;
    expect(file).toMatchObject({ key, sizeBytes: bytes.length, etag: expect.stringMatching(/./) });
    await bench.expectStored(key, bytes);
    expect(await bench.openUploads(key)).toBe(0);
    // Each part once: it was finished before it was begun.
    expect(seen.filter(isPart)).toHaveLength(3);
    // Nobody is waited for that may not answer, and no part has another size.
    expect(seen.filter(({ headers }) => headers.expect !== undefined)).toEqual([]);
  });

  it('and refuses checksums, takes a file without them', async () => {
    const without = await bench.upload({ manner: refusesChecksums, checksums: 'when_required' });
    await without.outcome;
    await bench.expectStored(without.key, without.bytes);

    const asUsual = await bench.upload({ manner: refusesChecksums });
    await expect(asUsual.outcome).rejects.toThrow(/S3_CHECKSUMS=when_required/);
  });

  it('and gets other bytes than were sent, is found out by its ETags where it is given no checksums', async () => {
    let parts = 0;
    const corrupts = (request: S3Request): Manner | undefined => {
      if (!isPart(request)) return undefined;
      parts += 1;
      return parts === 2 ? { corrupt: (bytes) => Buffer.alloc(bytes.length) } : undefined;
    };
    // One after the other: the first one shows that its ETags are MD5s.
    const { key, bytes, outcome } = await bench.upload({
      manner: corrupts,
      checksums: 'when_required',
      parts: 1,
      grown: 2,
    });
    await outcome;
    await bench.expectStored(key, bytes);
    expect(parts).toBeGreaterThan(3);
  });

  it.each([
    ['in upper case', (name: string) => name.toUpperCase()],
    ['with underscores', (name: string) => name.replaceAll('-', '_').replace('x_amz_meta_', 'x-amz-meta-')],
    ['not at all', () => undefined],
  ])('and gives metadata back %s, is not sent a file twice', async (_, nameOf) => {
    const rewrites = (request: S3Request): Manner => ({
      ...renamesMetadata(nameOf),
      ...(isCompletion(request) && completions === 0
        ? {
            afterwards: () => {
              completions += 1;
              return Promise.resolve(failure('InternalError'));
            },
          }
        : {}),
    });
    let completions = 0;
    const { key, bytes, outcome, seen } = await bench.upload({ manner: rewrites });
    await outcome;
    await bench.expectStored(key, bytes);
    expect(seen.filter(isCreation)).toHaveLength(1);
  });

  it.each(['taken away', 'rewritten'])(
    'and whose object is %s as soon as it is complete, is believed that it was',
    async (how) => {
      const { key, bytes, outcome, seen } = await bench.upload({
        manner: (request) =>
          isCompletion(request)
            ? {
                afterwards: async () => {
                  await (how === 'rewritten' ? bench.put(key, 'scanned') : bench.remove(key));
                  return undefined;
                },
              }
            : undefined,
      });
      expect(await outcome).toMatchObject({ sizeBytes: bytes.length, etag: expect.stringMatching(/./) });
      expect(seen.filter(isPart)).toHaveLength(3);
      expect(seen.filter(isCreation)).toHaveLength(1);
    },
  );

  it('and loses all that it completes, without a word of what it was, is sent the file three times at most', async () => {
    const reuploads: string[] = [];
    const { key, outcome, seen } = await bench.upload({
      onReupload: (why) => reuploads.push(why),
      manner: (request) =>
        isCompletion(request)
          ? {
              afterwards: async () => {
                await bench.remove(key);
                return '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>';
              },
            }
          : undefined,
    });
    await expect(outcome).rejects.toMatchObject({ name: 'UploadError', code: 'NotKept' });
    expect(seen.filter(isPart)).toHaveLength(9);
    expect(reuploads).toHaveLength(2);
    expect(reuploads[0]).toContain('there is nothing');
    expect(await bench.openUploads(key)).toBe(0);
  });

  it('and answers a completion with 200 and an error, is asked again', async () => {
    const { key, bytes, outcome, seen } = await bench.upload({ manner: failsCompletions(2) });
    await outcome;
    await bench.expectStored(key, bytes);
    expect(seen.filter(isPart)).toHaveLength(3);
  });

  it('and refuses every second request in a storm, has the file all the same within a minute', async () => {
    for (const seed of [1, 2, 3]) {
      const { key, bytes, outcome } = await bench.upload({ manner: slowDownStorm(seed) });
      const began = performance.now();
      await outcome;
      expect(performance.now() - began).toBeLessThan(60_000);
      await bench.expectStored(key, bytes);
    }
  });

  it('and may not say that a key has nothing, takes a file all the same', async () => {
    const { key, bytes, outcome } = await bench.upload({
      manner: (request) =>
        request.method !== 'HEAD'
          ? undefined
          : { rewriteStatus: (status) => (status === 404 ? 403 : status) },
    });
    await outcome;
    await bench.expectStored(key, bytes);
  });

  it('and says when to come again, is not asked before', async () => {
    const creations: number[] = [];
    const { outcome } = await bench.upload({
      manner: (request) => {
        if (!isCreation(request)) return undefined;
        creations.push(performance.now());
        const answer = { status: 503, headers: { 'retry-after': '2' }, body: failure('SlowDown') };
        return creations.length === 1 ? { answer } : undefined;
      },
    });
    await outcome;
    const [first = 0, second = 0] = creations;
    expect(second - first).toBeGreaterThan(1990);
  });

  it('and knows parts of one size only, has got them', async () => {
    const sizes = new Map<number, number>();
    const { key, bytes, outcome } = await bench.upload({
      parts: 2,
      grown: 4,
      manner: (request) => {
        if (isPart(request)) {
          const number = Number(new URL(request.url, 'http://s3').searchParams.get('partNumber'));
          sizes.set(number, Number(request.headers['content-length']));
        }
        const full = [...sizes.entries()].filter(([number]) => number < sizes.size);
        const mixed = new Set(full.map(([, size]) => size)).size > 1;
        return isCompletion(request) && mixed ? refusal(400, 'InvalidPart') : undefined;
      },
    });
    await outcome;
    await bench.expectStored(key, bytes);
    expect(sizes.size).toBe(5);
  });

  describe.each([
    ['knows conditions', undefined],
    ['knows no conditions', refusal(501, 'NotImplemented')],
  ])('and %s', (_, unknown) => {
    const conditional = ({ headers }: S3Request): Manner | undefined =>
      headers['if-none-match'] === undefined ? undefined : unknown;

    it('takes a file', async () => {
      const { key, bytes, outcome } = await bench.upload({ manner: conditional });
      await outcome;
      await bench.expectStored(key, bytes);
    });

    it('does not replace the object of another recording, which was there before', async () => {
      const key = bench.newKey();
      await bench.put(key, 'of another recording', { 'recording-uid': 'bbbbbbbb-0000' });
      const { outcome, seen } = await bench.upload({ key, manner: conditional });
      await expect(outcome).rejects.toMatchObject({ name: 'UploadError', code: 'KeyTaken' });
      await bench.expectStored(key, Buffer.from('of another recording'));
      expect(seen.filter(isPart)).toEqual([]);
    });

    it('does not replace the object of another recording, which came meanwhile, and keeps what was sent', async () => {
      const { key, outcome } = await bench.upload({
        manner: (request) =>
          isPart(request) && request.url.includes('partNumber=3')
            ? {
                afterwards: async () => {
                  await bench.put(key, 'of another recording', { 'recording-uid': 'bbbbbbbb-0000' });
                  return undefined;
                },
              }
            : conditional(request),
      });
      await expect(outcome).rejects.toMatchObject({ name: 'UploadError', code: 'KeyTaken' });
      await bench.expectStored(key, Buffer.from('of another recording'));
      expect(await bench.openUploads(key)).toBe(1);
    });

    it('replaces an object of the same recording', async () => {
      const key = bench.newKey();
      await bench.put(key, 'an early try', { 'recording-uid': bench.uid });
      const { bytes, outcome } = await bench.upload({ key, manner: conditional });
      await outcome;
      await bench.expectStored(key, bytes);
    });
  });

  it('does not replace what comes between the last look and the completion, where it knows conditions', async () => {
    let looks = 0;
    const { key, outcome } = await bench.upload({
      manner: (request) => {
        looks += request.method === 'HEAD' ? 1 : 0;
        // The first one is at the beginning.
        if (request.method !== 'HEAD' || looks !== 2) return undefined;
        return {
          afterwards: async () => {
            await bench.put(key, 'of another recording', { 'recording-uid': 'bbbbbbbb-0000' });
            return undefined;
          },
        };
      },
    });
    await expect(outcome).rejects.toMatchObject({ name: 'UploadError', code: 'KeyTaken' });
    await bench.expectStored(key, Buffer.from('of another recording'));
  });
});

describe('a line of 1 Mbit/s', () => {
  it('takes a part that it needs more than a minute for', async () => {
    const [{ start }] = STORES;
    await using bench = await startUploadBench(await start());
    const { key, bytes, outcome, seen } = await bench.upload({
      parts: 1,
      partSize: 8 * 1024 * 1024,
      manner: (request) => (isPart(request) ? { bytesPerSecond: 125_000 } : undefined),
    });
    const began = performance.now();
    await outcome;
    expect(performance.now() - began).toBeGreaterThan(65_000);
    await bench.expectStored(key, bytes);
    expect(seen.filter(isPart)).toHaveLength(2);
  });
});
