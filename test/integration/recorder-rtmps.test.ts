import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { publish } from '../support/media/publish.ts';
import {
  readResult,
  recorderPlace,
  spawnRecorder,
  startRecorder,
} from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const BUCKET = 'recordings';

describe('a recorder with a certificate', () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3();
    await s3.createBucket(BUCKET);
  }, 900_000);
  afterAll(() => s3?.[Symbol.asyncDispose]());

  it.each([
    { speed: 'as fast as it goes', realTime: false },
    { speed: 'in real time', realTime: true },
  ])('has every packet that was published over RTMPS, $speed', async ({ realTime }) => {
    await using folder = await tempDirectory('rtmps');
    const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 4 });
    const { certPath, keyPath } = await makeCertificate(folder.path, ['rec-1.ingest.test']);
    const env = { RTMP_TLS_CERT_PATH: certPath, RTMP_TLS_KEY_PATH: keyPath };
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url.replace('rtmp:', 'rtmps:'), realTime });
    expect(await recorder.stop()).toBe(0);
    const recorded = join(s3.directory, BUCKET, place.s3Key);
    const comparison = comparePackets(await packetHashes(clip), await packetHashes(recorded));
    expect(comparison).toMatchObject({ ok: true });
  });

  it.each(['missing', 'of another key'])('does not start when it is %s, and says so', async (what) => {
    await using folder = await tempDirectory('rtmps');
    const { certPath, keyPath } = await makeCertificate(folder.path, ['rec-1.ingest.test']);
    await using other = await tempDirectory('rtmps');
    const { certPath: foreign } = await makeCertificate(other.path, ['rec-1.ingest.test']);
    const env = {
      RTMP_TLS_CERT_PATH: what === 'missing' ? `${certPath}.none` : foreign,
      RTMP_TLS_KEY_PATH: keyPath,
    };
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    const recorder = await spawnRecorder(place.env);
    expect(await recorder.exited).toBe(13);
    expect(await readResult(place)).toMatchObject({
      outcome: 'failed',
      reason: 'BadConfiguration',
      error: { message: expect.stringContaining(env.RTMP_TLS_CERT_PATH) },
    });
  });
});
