import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recorderStatusSchema } from '../../recorder-image/contract/status.ts';
import type { RecorderStatus } from '../../recorder-image/contract/status.ts';
import { startChild, whileAlive } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import type { PacketHashes } from '../support/media/packets.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { shellTools } from '../support/shell-tools.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const BUCKET = 'recordings';
const IMAGE = join(import.meta.dirname, '../../recorder-image');
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 4 });
}, 900_000);

afterAll(() => resources.disposeAsync());

/** A recorder under the supervisor of its image, with ports that it has again when it is started again. */
class Supervised implements AsyncDisposable {
  readonly child: Child;
  readonly url: string;
  readonly #http: string;

  constructor(options: { child: Child; place: RecorderPlace; rtmpPort: number; httpPort: number }) {
    this.child = options.child;
    this.url = `rtmp://127.0.0.1:${options.rtmpPort}/live/${options.place.streamKey}`;
    this.#http = `http://127.0.0.1:${options.httpPort}`;
  }

  /** Nobody is left, also not of a test that fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    const recorder = await this.#recorder();
    if (recorder === undefined) return;
    process.kill(this.child.pid, 'SIGKILL');
    await this.child.exited;
    process.kill(recorder, 'SIGKILL');
  }

  /** Returns once a publisher can come. */
  async ready(): Promise<void> {
    await whileAlive(this.child, 'supervisor', (signal) =>
      waitFor(async () => (await this.#get('/readyz')).ok, { what: 'the recorder to listen', signal }),
    );
  }

  async until(what: string, isSo: (status: RecorderStatus) => boolean): Promise<RecorderStatus> {
    const look = async (): Promise<RecorderStatus | false> => {
      const answer = await this.#get('/status');
      const status = recorderStatusSchema.parse(await answer.json());
      return isSo(status) && status;
    };
    return await whileAlive(this.child, 'supervisor', (signal) => waitFor(look, { what, signal }));
  }

  /** The recorder alone: its FFmpeg is left behind, as by the kernel when memory runs out. */
  async killRecorder(): Promise<void> {
    const recorder = await this.#recorder();
    if (recorder !== undefined) process.kill(recorder, 'SIGKILL');
  }

  /** The recorder hangs, and hears no signal. */
  async freezeRecorder(): Promise<void> {
    const recorder = await this.#recorder();
    if (recorder !== undefined) process.kill(recorder, 'SIGSTOP');
  }

  async #recorder(): Promise<number | undefined> {
    const { pid } = this.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    const [recorder = ''] = children.trim().split(' ');
    return recorder === '' ? undefined : Number(recorder);
  }

  /** Throws between two recorders. */
  async #get(path: string): Promise<Response> {
    return await fetch(`${this.#http}${path}`, { signal: AbortSignal.timeout(5000) });
  }
}

/** Returns a PATH with which the watcher gives a recorder nine seconds in place of thirty: a busy machine starts one in some. */
const hasty = async (folder: string): Promise<string> =>
  await shellTools(folder, {
    sleep: '[ "$1" != 5 ] || set -- 1.5; exec /bin/sleep "$1"',
    timeout: 'limit=$1; shift; exec /usr/bin/timeout "1.$limit" "$@"',
  });

async function supervised(
  place: RecorderPlace,
  env: Readonly<Record<string, string>> = {},
): Promise<Supervised> {
  const [rtmpPort, httpPort] = [await freePort(), await freePort()];
  const child = await startChild({
    name: 'supervisor',
    command: 'sh',
    args: [join(IMAGE, 'supervise.sh'), process.execPath, join(IMAGE, 'bin/recorder.ts')],
    env: { ...place.env, RTMP_PORT: String(rtmpPort), HTTP_PORT: String(httpPort), ...env },
  });
  return new Supervised({ child, place, rtmpPort, httpPort });
}

const is = (state: RecorderStatus['state']) => (status: RecorderStatus) => status.state === state;

describe('a recorder under its supervisor', () => {
  it('that is killed twice, before and while it records, goes on at its ports and tells of it', async () => {
    await using folder = await tempDirectory('supervised');
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET });
    await using recorder = await supervised(place);
    await recorder.ready();
    await recorder.killRecorder();
    await recorder.until('one to be there again', ({ restarts }) => restarts === 1);
    await recorder.ready();

    await using publisher = await startPublishing({
      file: clip,
      url: recorder.url,
      realTime: true,
      loop: true,
    });
    await recorder.until('it to record', ({ durationSeconds }) => durationSeconds > 2);
    await recorder.killRecorder();
    const again = await recorder.until(
      'one to go on',
      (status) => status.restarts === 2 && status.takes === 1,
    );
    await recorder.ready();
    expect(again.lastTermination).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
    await publisher.stop();
    const inJournal = await packetHashes(join(place.spool, 'take-1.flv'));
    expect(inJournal.video.length).toBeGreaterThanOrEqual(30);
    await publish({ file: clip, url: recorder.url });

    process.kill(recorder.child.pid, 'SIGTERM');
    expect(await recorder.child.exited).toBe(0);
    const sent = await packetHashes(clip);
    const expected = {
      video: [...inJournal.video, ...sent.video],
      audio: [...inJournal.audio, ...sent.audio],
    };
    const object = join(s3.directory, BUCKET, place.s3Key);
    expect(comparePackets(expected, await packetHashes(object))).toMatchObject({ ok: true });
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'Stopped' });
  });

  it('that is killed while it uploads uploads the file', async () => {
    await using folder = await tempDirectory('supervised');
    // The upload waits for a bucket that is not there, so that there is time to kill it.
    const env = { S3_BUCKET: 'not-there-at-first', UPLOAD_GIVE_UP_AFTER: '600' };
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    await using recorder = await supervised(place);
    await recorder.ready();
    await publish({ file: clip, url: recorder.url });
    process.kill(recorder.child.pid, 'SIGTERM');
    await recorder.until('it to upload', is('uploading'));
    await recorder.killRecorder();
    await recorder.until(
      'one that uploads again',
      (status) => status.restarts === 1 && is('uploading')(status),
    );
    await s3.createBucket('not-there-at-first');
    expect(await recorder.child.exited).toBe(0);
    const object = join(s3.directory, 'not-there-at-first', place.s3Key);
    expect(comparePackets(await packetHashes(clip), await packetHashes(object))).toMatchObject({ ok: true });
  });

  it.each([
    ['records, so that it does not hear that it is to stop,', 'recording'],
    ['finishes its file', 'uploading'],
  ] as const)('that hangs while it %s is killed, and another one finishes the file', async (_what, state) => {
    await using folder = await tempDirectory('supervised');
    const env = { S3_BUCKET: `not-there-${state}`, UPLOAD_GIVE_UP_AFTER: '600' };
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    await using recorder = await supervised(place, { PATH: await hasty(folder.path) });
    await recorder.ready();
    const sent = await packetHashes(clip);
    await publish({ file: clip, url: recorder.url });
    const stop = (): boolean => process.kill(recorder.child.pid, 'SIGTERM');
    if (state === 'recording') {
      // Written a moment after it was received.
      const journal = (): Promise<PacketHashes> => packetHashes(join(place.spool, 'take-1.flv'));
      const isWritten = async (): Promise<boolean> => comparePackets(sent, await journal()).ok;
      await waitFor(isWritten, { what: 'all of it to be in the journal' });
    } else {
      stop();
      await recorder.until('it to upload', is('uploading'));
    }
    await recorder.freezeRecorder();
    if (state === 'recording') stop();
    const { lastTermination } = await recorder.until(
      'another one that uploads',
      (status) => status.restarts === 1 && is('uploading')(status),
    );
    expect(lastTermination).toMatchObject({ signal: 'SIGKILL' });
    expect(recorder.child.output()).toContain('does not answer any more while it stops, and is killed');
    await s3.createBucket(env.S3_BUCKET);
    expect(await recorder.child.exited).toBe(0);
    const object = join(s3.directory, env.S3_BUCKET, place.s3Key);
    expect(comparePackets(sent, await packetHashes(object))).toMatchObject({ ok: true });
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'Stopped' });
  });
});
