import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { publish } from '../support/media/publish.ts';
import {
  readResult,
  recorderPlace,
  spawnRecorder,
  startRecorder,
} from '../support/media/recorder-process.ts';
import { startS3Proxy } from '../support/proxy/s3-proxy.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 240_000 });

const BUCKET = 'recordings';
const UID = 'aaaaaaaa-0000-4000-8000-000000000001';
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 6, bitrateKbps: 1000 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function metricsOf(http: string): Promise<string> {
  return await (await fetch(`${http}/metrics`, { signal: AbortSignal.timeout(5000) })).text();
}

describe('a recorder', () => {
  it('whose key is taken by another recording says so while it records, replaces nothing and keeps its spool', async () => {
    await using folder = await tempDirectory('recorder');
    const env = { RECORDING_UID: UID, UPLOAD_GIVE_UP_AFTER: '1' };
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    const named = { Bucket: BUCKET, Key: place.s3Key };
    const client = s3.client();
    const Metadata = {
      'recording-id': place.recordingId,
      'recording-uid': 'bbbbbbbb-0000-4000-8000-000000000002',
    };
    await client.send(new PutObjectCommand({ ...named, Body: 'the file of an earlier recording', Metadata }));

    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    const told = await waitFor(async () => (await recorder.status()).message ?? false, {
      what: 'it to be told',
    });
    expect(told).toContain('object of another recording (bbbbbbbb-0000-4000-8000-000000000002)');
    expect(await recorder.stop()).toBe(11);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'failed', reason: 'UploadFailed', error: { code: 'KeyTaken' } });
    const object = join(s3.directory, BUCKET, place.s3Key);
    expect(await readFile(object, 'utf8')).toBe('the file of an earlier recording');
    expect(existsSync(place.spool)).toBe(true);

    // Once it is out of the way, the next try has nothing to stop it.
    await client.send(new DeleteObjectCommand(named));
    client.destroy();
    await using again = await spawnRecorder(place.env);
    expect(await again.exited).toBe(0);
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', etag: expect.stringMatching(/./) });
    expect(comparePackets(await packetHashes(clip), await packetHashes(object)).ok).toBe(true);
  });

  it('whose files the store loses sends them three times, counts that and says so, and keeps its spool', async () => {
    await using folder = await tempDirectory('recorder');
    await using proxy = await startS3Proxy(s3);
    const env = { S3_ENDPOINT: proxy.endpoint, UPLOAD_GIVE_UP_AFTER: '20' };
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    const client = s3.client();
    resources.defer(() => client.destroy());
    let completions = 0;
    proxy.setManner(({ method, url }) => {
      if (method !== 'POST' || !url.includes('uploadId=')) return undefined;
      completions += 1;
      return {
        afterwards: async () => {
          await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: place.s3Key }));
          return '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>';
        },
      };
    });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    process.kill(recorder.child.pid, 'SIGTERM');
    await waitFor(
      async () => (await metricsOf(recorder.http)).includes('meetrec_recorder_reuploads_total 2'),
      { what: 'two re-uploads to be counted' },
    );
    const said = await waitFor(async () => (await recorder.status()).message ?? false, {
      what: 'it to be told',
    });
    expect(said).toMatch(/lost what was sent/);
    expect(await recorder.child.exited).toBe(11);
    expect(completions).toBe(3);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'failed', reason: 'UploadFailed', error: { code: 'NotKept' } });
    expect(existsSync(place.spool)).toBe(true);
  });
});
