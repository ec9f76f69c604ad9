import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { usageOf } from '../bench/recorder/process-tree.ts';
import { bundleInto } from '../cluster/images/bundle.ts';
import { makeClip } from '../support/media/clip.ts';
import { ATTACKS, openQuietly, refused } from '../support/media/hostile.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { startPublishing } from '../support/media/publish.ts';
import { recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace, RecorderProcess } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const BUCKET = 'recordings';
/**
 * What all attacks together may add to the memory of Node and FFmpeg, as the image runs them, in bytes. Of the 40 MB that
 * were measured, the recording itself adds half in that time.
 */
const MOST_ADDED_BYTES = 60_000_000;
const ROUNDS = 80;

const resources = new AsyncDisposableStack();
let s3: S3Server;
let clip: string;
let program: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  const entryPoints = { recorder: 'recorder-image/bin/recorder.ts' };
  program = join(await bundleInto(join(clips.path, 'app'), 'recorder', entryPoints), 'recorder.mjs');
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 4 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function place(folder: string): Promise<RecorderPlace> {
  return await recorderPlace({ folder, s3, bucket: BUCKET, env: { LOG_LEVEL: 'info' } });
}

/** Probes that connect and close, 1,000 that stay and say nothing, and some that say it byte by byte. */
async function crowd(recorder: RecorderProcess): Promise<Socket[]> {
  for (let probes = 0; probes < 50; probes += 1) {
    const probe = openQuietly(recorder.rtmpPort);
    await once(probe, 'connect');
    probe.destroy();
  }
  const idle = Array.from({ length: 1000 }, () => openQuietly(recorder.rtmpPort));
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  const slow = Array.from({ length: 10 }, () => openQuietly(recorder.rtmpPort));
  for (const socket of slow) {
    socket.write(Buffer.from([3]));
    const drip = setInterval(() => void socket.write(Buffer.from([0])), 20);
    socket.once('close', () => clearInterval(drip));
  }
  return [...idle, ...slow];
}

it('goes on recording, without losing a packet, whatever else comes to its port', async () => {
  await using folder = await tempDirectory('hostile');
  const where = await place(folder.path);
  await using recorder = await startRecorder(where, program);
  await using publisher = await startPublishing({
    file: clip,
    url: recorder.url,
    realTime: true,
    loop: true,
  });
  await recorder.reach('recording');
  const before = await usageOf(recorder.child.pid);

  const sockets = await crowd(recorder);
  for (const bytes of Object.values(ATTACKS)) await refused(recorder.rtmpPort, bytes);
  let most = 0;
  for (let again = 0; again < ROUNDS; again += 1) {
    await Promise.all(Object.values(ATTACKS).map((bytes) => refused(recorder.rtmpPort, bytes)));
    most = Math.max(most, (await usageOf(recorder.child.pid)).rssBytes);
    // More at a time would be turned away at the door.
    await sleep(20);
  }
  const refusals = /_expelled_connections_total\{reason="refused"\} (\d+)/;
  const metrics = await (await fetch(`${recorder.http}/metrics`)).text();
  expect(Number(refusals.exec(metrics)?.[1])).toBeGreaterThan((ROUNDS - 10) * Object.keys(ATTACKS).length);
  expect(most - before.rssBytes).toBeLessThan(MOST_ADDED_BYTES);
  expect(await recorder.status()).toMatchObject({ state: 'recording', takes: 1 });
  expect((await recorder.status()).publisher).toBeDefined();

  await publisher.stop();
  for (const socket of sockets) socket.destroy();
  expect(await recorder.stop()).toBe(0);
  const original = await packetHashes(clip);
  const times = Array.from({ length: 100 });
  const video = times.flatMap(() => original.video);
  const audio = times.flatMap(() => original.audio);
  const recorded = await packetHashes(join(s3.directory, BUCKET, where.s3Key));
  const compared = comparePackets({ video, audio }, recorded);
  for (const track of [compared.video, compared.audio]) {
    expect(track.recorded).toBeGreaterThan(0);
    expect(track).toMatchObject({ extra: 0, firstMissing: track.recorded });
  }
}, 180_000);

it('keeps nothing of what comes without the key, and still takes its publisher', async () => {
  await using folder = await tempDirectory('hostile');
  const where = await place(folder.path);
  await using recorder = await startRecorder(where, program);
  for (const bytes of Object.values(ATTACKS)) await refused(recorder.rtmpPort, bytes);
  expect(await recorder.status()).toMatchObject({ state: 'waiting', bytesReceived: 0, takes: 0 });
  expect((await readdir(where.spool)).filter((name) => name.startsWith('take'))).toEqual([]);
  await using publisher = await startPublishing({ file: clip, url: recorder.url });
  expect(await publisher.exited).toBe(0);
  expect(await recorder.stop()).toBe(0);
}, 120_000);

it('has room for its publisher while 1,000 connections wait', async () => {
  await using folder = await tempDirectory('hostile');
  const where = await place(folder.path);
  await using recorder = await startRecorder(where, program);
  const sockets = await crowd(recorder);
  await using publisher = await startPublishing({ file: clip, url: recorder.url });
  expect(await publisher.exited).toBe(0);
  for (const socket of sockets) socket.destroy();
  expect(await recorder.stop()).toBe(0);
  const recorded = await packetHashes(join(s3.directory, BUCKET, where.s3Key));
  expect(comparePackets(await packetHashes(clip), recorded)).toMatchObject({ ok: true });
}, 120_000);
