import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startChild } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const RECORDER = join(import.meta.dirname, '../../recorder-image/bin/recorder.ts');

/** Runs a recorder whose spool is a disk of its own, of this size and with this much of it taken. */
async function onSmallDisk(place: RecorderPlace, size: string, takenKiB: number): Promise<Child> {
  const disk = place.env['RECORDING_STORAGE_PATH'] ?? '';
  await mkdir(disk, { recursive: true });
  const fill =
    takenKiB === 0 ? 'true' : `dd if=/dev/zero of="$1/taken" bs=1024 count=${takenKiB} 2>/dev/null`;
  const script = `mount -t tmpfs -o size=${size} none "$1" && { ${fill}; shift; exec "$@"; }`;
  return await startChild({
    name: 'recorder',
    command: 'unshare',
    args: [
      ...['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', disk],
      ...[process.execPath, RECORDER],
    ],
    env: { ...place.env },
  });
}

async function portOf(recorder: Child): Promise<number> {
  return await waitFor(
    () => {
      const [, port] = /"port":(\d+),"msg":"waiting for the publisher"/.exec(recorder.output()) ?? [];
      return port !== undefined && Number(port);
    },
    { what: 'the recorder to listen' },
  );
}

/** A path on the recorder's own disk, which only it has mounted. */
function seenBy(recorder: Child, path: string): string {
  return join('/proc', String(recorder.pid), 'root', path);
}

/** Takes all that is left of the recorder's disk, as somebody else does who has a share in it. */
async function fillDisk(recorder: Child, place: RecorderPlace): Promise<void> {
  const disk = place.env['RECORDING_STORAGE_PATH'] ?? '';
  await using file = await open(seenBy(recorder, join(disk, 'others')), 'w');
  const block = Buffer.alloc(4096);
  while (await file.write(block).then(({ bytesWritten }) => bytesWritten === block.length, isFull));
}

function isFull(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOSPC') throw error;
  return false;
}

it('goes on where the disk was full for a moment, and has all that came meanwhile', async () => {
  await using folder = await tempDirectory('disk');
  await using s3 = await startS3();
  await s3.createBucket('recordings');
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 12, bitrateKbps: 1000 });
  const env = { RECORDING_MIN_FREE_MB: '0' };
  const place = await recorderPlace({ folder: folder.path, s3, bucket: 'recordings', env });
  await using recorder = await onSmallDisk(place, '24m', 0);
  const url = `rtmp://127.0.0.1:${await portOf(recorder)}/live/${place.streamKey}`;
  await using publisher = await startPublishing({ file: clip, url, realTime: true });
  await waitFor(
    () => readFile(seenBy(recorder, join(place.spool, 'take-1.flv'))).then(({ length }) => length > 0),
    {
      what: 'some of the journal',
    },
  );
  await fillDisk(recorder, place);
  const status = async (): Promise<string> => {
    const [, port] = /"port":(\d+),"msg":"serving status"/.exec(recorder.output()) ?? [];
    return await (await fetch(`http://127.0.0.1:${port}/status`)).text();
  };
  await waitFor(async () => (await status()).includes('writing the journal failed'), {
    what: 'it to be said',
  });
  await rm(seenBy(recorder, join(place.env['RECORDING_STORAGE_PATH'] ?? '', 'others')));
  await waitFor(async () => !(await status()).includes('writing the journal failed'), {
    what: 'it to be over',
  });
  expect(await publisher.exited).toBe(0);
  process.kill(recorder.pid, 'SIGTERM');
  expect(await recorder.exited).toBe(0);
  expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'Stopped', complete: true });
  const object = join(s3.directory, 'recordings', place.s3Key);
  expect(comparePackets(await packetHashes(clip), await packetHashes(object))).toMatchObject({ ok: true });
}, 300_000);

it('ends with exit code 12 on a disk that takes nothing at all, and says so', async () => {
  await using folder = await tempDirectory('disk');
  await using s3 = await startS3();
  await s3.createBucket('recordings');
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 4, bitrateKbps: 1000 });
  const env = { RECORDING_MIN_FREE_MB: '0' };
  const place = await recorderPlace({ folder: folder.path, s3, bucket: 'recordings', env });
  // More than fits: the last page is taken, too.
  await using recorder = await onSmallDisk(place, '256k', 1024);
  const url = `rtmp://127.0.0.1:${await portOf(recorder)}/live/${place.streamKey}`;
  await using _publisher = await startPublishing({ file: clip, url, realTime: true, loop: true });
  expect(await recorder.exited).toBe(12);
  expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'DiskFull' });
});

it('keeps all that came before the disk was full', async () => {
  await using folder = await tempDirectory('disk');
  await using s3 = await startS3();
  await s3.createBucket('recordings');
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 20, bitrateKbps: 4000 });
  // Half of the disk: room for the file, even if all of it were still to be made.
  const env = { RECORDING_MIN_FREE_MB: '12' };
  const place = await recorderPlace({ folder: folder.path, s3, bucket: 'recordings', env });
  await using recorder = await onSmallDisk(place, '24m', 0);
  const url = `rtmp://127.0.0.1:${await portOf(recorder)}/live/${place.streamKey}`;
  await using _publisher = await startPublishing({ file: clip, url, realTime: true });
  expect(await recorder.exited).toBe(0);
  expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'DiskFull' });
  const object = join(s3.directory, 'recordings', place.s3Key);
  await expectPlayable(object, await debianFfmpegPath());
  const { video } = comparePackets(await packetHashes(clip), await packetHashes(object));
  expect(video).toMatchObject({ extra: 0, firstMissing: video.recorded });
  expect(video.recorded).toBeGreaterThan(15);
}, 300_000);

it.each(['mp4', 'm3u8', 'webm'])(
  'saves what it has when nothing is left of the disk, not even for the file: %s',
  async (format) => {
    await using folder = await tempDirectory('disk');
    await using s3 = await startS3();
    await s3.createBucket('recordings');
    const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 60, bitrateKbps: 4000 });
    const env = {
      RECORDING_MIN_FREE_MB: '0',
      RECORDING_FORMAT: format,
      RECORDING_RESOLUTION: '160x90',
      RECORDING_FPS: '5',
    };
    const made = await recorderPlace({ folder: folder.path, s3, bucket: 'recordings', env });
    const s3Key = made.s3Key.replace('.mp4', `.${format}`);
    const place = { ...made, s3Key, env: { ...made.env, S3_KEY: s3Key } };
    await using recorder = await onSmallDisk(place, '64m', 0);
    const url = `rtmp://127.0.0.1:${await portOf(recorder)}/live/${place.streamKey}`;
    await using _publisher = await startPublishing({ file: clip, url, speed: 4 });
    const object = join(s3.directory, 'recordings', s3Key);
    const written = (): Promise<boolean> =>
      format === 'm3u8'
        ? readFile(object, 'utf8').then((text) => text.includes('00001.m4s'))
        : readFile(seenBy(recorder, join(place.spool, `take-1.${format}`))).then(
            ({ length }) => length > 50_000,
          );
    await waitFor(written, { what: 'some of the file', timeoutMs: 120_000 });
    await fillDisk(recorder, place);
    expect(await recorder.exited).toBe(0);
    expect(recorder.output()).toMatch(/no space left on device/i);
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'DiskFull', key: s3Key });
    await expectPlayable(object, await debianFfmpegPath());
    if (format === 'webm') return;
    const { video, audio } = comparePackets(await packetHashes(clip), await packetHashes(object));
    for (const track of [video, audio]) {
      expect(track).toMatchObject({ extra: 0, firstMissing: track.recorded });
      expect(track.recorded).toBeGreaterThan(15);
    }
  },
  300_000,
);
