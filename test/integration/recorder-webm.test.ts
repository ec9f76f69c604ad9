import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFfmpeg } from '../../recorder-image/mux/ffmpeg.ts';
import { READ_FOR_ENCODING, webm } from '../../recorder-image/mux/recipes.ts';
import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath, ffmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// An encoder on a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
}, 900_000);

afterAll(() => resources.disposeAsync());

async function startWebm(folder: TempDirectory) {
  const env = { RECORDING_FORMAT: 'webm', RECORDING_RESOLUTION: '160x90', RECORDING_FPS: '10' };
  const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
  return { place, recorder: await startRecorder(place) };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function childOf(pid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children === '' ? undefined : Number.parseInt(children, 10);
}

describe('an encoder', () => {
  it('makes the same bytes each time, on one core and on all of them', async () => {
    await using folder = await tempDirectory('webm');
    const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 8, size: '640x360', fps: 30 });
    const fed = join(folder.path, 'clip.mp4');
    await run(await debianFfmpegPath(), [
      '-nostdin',
      '-v',
      'error',
      '-i',
      clip,
      '-c',
      'copy',
      '-movflags',
      'frag_keyframe+empty_moov',
      fed,
    ]);
    const path = await ffmpegPath();
    const hashes: string[] = [];
    for (const [index, cores] of ['', '0', '', '0'].entries()) {
      const output = join(folder.path, `${index}.webm`);
      const { done } = startFfmpeg({
        ffmpegPath: path,
        input: createReadStream(fed),
        inputOptions: READ_FOR_ENCODING,
        outputOptions: webm({ resolution: '640x360', fps: 30, bitrateKbps: 800 }),
        output,
        onLog: () => undefined,
      });
      if (cores !== '') {
        const pid = await waitFor(() => childOf(process.pid), { what: 'FFmpeg' });
        await run('taskset', ['-a', '-p', '-c', cores, String(pid)]);
      }
      await done;
      hashes.push(await hashOf(output));
    }
    expect(new Set(hashes).size).toBe(1);
  });

  it('knows nothing of the keys of the object store', async () => {
    await using folder = await tempDirectory('webm');
    const clip = await makeClip(join(clips.path, 'short.flv'), { seconds: 3 });
    const { recorder } = await startWebm(folder);
    await using _recorder = recorder;
    await using publisher = await startPublishing({ file: clip, url: recorder.url, realTime: true });
    const pid = await waitFor(() => childOf(recorder.child.pid), { what: 'FFmpeg' });
    await waitFor(async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('libvpx-vp9'), {
      what: 'FFmpeg to have taken the place of what it was forked from',
    });
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).toBe('');
    expect(await publisher.exited).toBe(0);
    expect(await recorder.stop()).toBe(0);
  });

  it('takes no picture that it has no memory for, and the journal is stored in place of a file', async () => {
    await using folder = await tempDirectory('webm');
    const clip = await makeClip(join(clips.path, 'huge.flv'), { seconds: 2, fps: 2, size: '4992x2808' });
    const { place, recorder } = await startWebm(folder);
    await using _recorder = recorder;
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', format: 'flv' });
    expect(await readdir(place.spool)).not.toContain('take-1.webm');
  });
});
