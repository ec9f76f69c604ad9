import { execFile } from 'node:child_process';
import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { publish } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const BUCKET = 'recordings';
const MIB = 1024 * 1024;
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 6, bitrateKbps: 1000 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeIn(folder: TempDirectory, env: Record<string, string> = {}): Promise<RecorderPlace> {
  return await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
}

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Passes every request on to the server and keeps its headers, but for those that the server does not know. */
async function startCapture(
  target: string,
  drop: readonly string[],
): Promise<AsyncDisposable & { readonly endpoint: string; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((incoming, answer) => {
    const { method = '', url: path = '', headers } = incoming;
    seen.push({ method, path, headers });
    const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !drop.includes(name)));
    const outgoing = request(new URL(path, target), { method, headers: passed }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('an upload', () => {
  it('asks for encryption, and says what it is, whose and from when', async () => {
    await using folder = await tempDirectory('recorder');
    await using capture = await startCapture(s3.endpoint, []);
    const place = await placeIn(folder, {
      S3_ENDPOINT: capture.endpoint,
      S3_SSE: 'aws:kms',
      S3_SSE_KMS_KEY_ID: 'key-1',
      MEETING_ID: 'standup/ä',
    });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    const created = await waitFor(() => capture.seen.find(({ path }) => path.includes('?uploads')), {
      what: 'the multipart upload to be begun',
    });
    expect(created.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      'content-type': 'video/mp4',
      'x-amz-meta-recording-id': place.recordingId,
      'x-amz-meta-meeting-id': 'standup%2F%C3%A4',
      'x-amz-checksum-algorithm': 'CRC32',
    });
    const { startedAt } = await recorder.status();
    expect(created.headers['x-amz-meta-started-at']).toBe(startedAt);
    await recorder.stop();
  });

  it('is told in the status part by part, and is in S3 with its metadata', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { MEETING_ID: 'standup' });
    const large = await makeClip(join(clips.path, 'large.flv'), { seconds: 8, bitrateKbps: 16_000 });
    await using recorder = await startRecorder(place);
    await publish({ file: large, url: recorder.url });
    const upload = await waitFor(
      async () => {
        const [first] = (await recorder.status()).uploads ?? [];
        return first?.parts?.length === 1 && first;
      },
      { what: 'the first part' },
    );
    expect(upload).toMatchObject({
      key: place.s3Key,
      uploadId: expect.stringMatching(/./),
      partSize: 8 * MIB,
      parts: [
        { number: 1, size: 8 * MIB, etag: expect.stringMatching(/./), crc32: expect.stringMatching(/=$/) },
      ],
    });
    expect(await recorder.stop()).toBe(0);
    const client = s3.client();
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: place.s3Key }));
    const open = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: place.s3Key }));
    client.destroy();
    const result = await readResult(place);
    expect(head.ContentType).toBe('video/mp4');
    expect(head.Metadata).toEqual({
      'recording-id': place.recordingId,
      'meeting-id': 'standup',
      'started-at': result.startedAt,
      take: '1',
    });
    expect(open.Uploads ?? []).toEqual([]);
  });

  it('that was begun by a recorder which died before it learned its id is not left behind', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url });
    const statePath = join(place.spool, 'take-1.upload.json');
    const saved = await waitFor(
      async () => {
        const state = JSON.parse(await readFile(statePath, 'utf8')) as { uploadId?: string };
        return state.uploadId !== undefined && state;
      },
      { what: 'an upload id' },
    );
    await first.kill();
    const { uploadId: _lost, ...rest } = saved;
    await writeFile(statePath, JSON.stringify({ ...rest, beginning: true }));

    await using second = await startRecorder(place);
    expect(await second.stop()).toBe(0);
    const client = s3.client();
    const open = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: place.s3Key }));
    client.destroy();
    expect(open.Uploads ?? []).toEqual([]);
    expect(comparePackets(await packetHashes(clip), await packetHashes(objectOf(place)))).toMatchObject({
      ok: true,
    });
  });

  it('gives back the space of what is in S3, and the file is whole all the same when everything is killed', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const fat = await makeClip(join(clips.path, 'fat.flv'), { seconds: 30, bitrateKbps: 26_000 });
    await mkdir(place.spool, { recursive: true });
    const canFree = await promisify(execFile)('fallocate', ['-l', '8M', join(place.spool, 'probe')]).then(
      () => promisify(execFile)('fallocate', ['-p', '-l', '4M', join(place.spool, 'probe')]).then(() => true),
      () => false,
    );
    await using first = await startRecorder(place);
    await publish({ file: fat, url: first.url });
    const output = join(place.spool, 'take-1.mp4');
    await waitFor(async () => (await first.status()).bytesUploaded >= 88 * MIB, { what: 'eleven parts' });
    const { size, blocks } = await waitFor(
      async () => {
        const found = await stat(output);
        return (!canFree || found.blocks * 512 < found.size - 60 * MIB) && found;
      },
      { what: 'the space to be given back' },
    );
    if (canFree) expect(blocks * 512).toBeLessThan(size - 60 * MIB);
    await first.kill();
    await using second = await startRecorder(place);
    expect(await second.stop()).toBe(0);
    expect(comparePackets(await packetHashes(fat), await packetHashes(objectOf(place)))).toMatchObject({
      ok: true,
    });
    expect(second.child.output()).toMatch(/"part":5,.*"again":true/);
  });
});
