import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS } from '../../operator/meetings/kubernetes-recording-objects.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { ApiWorld, BUCKET, call, NAMESPACE, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

const CLIP_SECONDS = 20;
const resources = new AsyncDisposableStack();
let world: ApiWorld;
let api: RunningApi;
let host: string;
let folder: TempDirectory;
let clip: string;

beforeAll(async () => {
  world = resources.use(await ApiWorld.start());
  api = resources.use(await world.startApi({ ...world.environment(world.databaseUri()), S3_BUCKET: BUCKET }));
  host = await tokenOf('host-1');
  folder = resources.use(await tempDirectory('api-live'));
  clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: CLIP_SECONDS });
}, 900_000);

afterAll(() => resources.disposeAsync());

const ask = (meetingId: string, action: 'status' | 'download'): Promise<Reply> =>
  call('GET', `${api.base}/meetings/${meetingId}/recording/${action}`, { token: host });
interface Live {
  readonly durationSeconds: number | null;
  readonly recorder: { state: string; bytesReceived: number; bitrateKbps: number } | null;
}
async function live(meetingId: string): Promise<Live> {
  return (await ask(meetingId, 'status')).body['live'] as Live;
}

async function started(meetingId: string, format: string): Promise<string> {
  const base = `${api.base}/meetings/${meetingId}`;
  const body = { host: 'host-1', source: { kind: 'rtmp' } };
  await call('PUT', base, { token: await serviceToken(), body });
  const reply = await call('POST', `${base}/recording/start`, { token: host, body: { format } });
  expect(reply.status).toBe(202);
  return String(reply.body.recording?.['recordingId']);
}

/** What a player gets of an address within a time limit, in frames of video. */
async function framesPlayed(url: string, seconds: number): Promise<number> {
  const { stdout } = await promisify(execFile)(
    await debianFfmpegPath(),
    [
      ...['-nostdin', '-v', 'error', '-protocol_whitelist', 'http,tcp,crypto'],
      ...['-live_start_index', '0', '-t', String(seconds), '-i', url],
      ...['-map', '0:v', '-f', 'framecrc', '-'],
    ],
    { timeout: 60_000 },
  );
  return stdout.split('\n').filter((line) => line.startsWith('0,')).length;
}

describe('a recording in HLS', () => {
  it('is watched over the link while it runs, by real players, and whole afterwards; the status is live', async () => {
    const recordingId = await started('show', 'm3u8');
    const place = await recorderPlace({
      folder: folder.path,
      s3: world.s3,
      bucket: BUCKET,
      env: {
        RECORDING_ID: recordingId,
        RECORDING_FORMAT: 'm3u8',
        S3_KEY: `recordings/show/${recordingId}.m3u8`,
      },
    });
    await using recorder = await startRecorder(place);
    await world.setStatus(recordingId, {
      phase: 'Recording',
      startedAt: '2026-11-23T10:00:00Z',
      recorderUrl: recorder.http,
    });
    await using publisher = await startPublishing({ file: clip, url: recorder.url, realTime: true });

    // The object says nothing of its length: this is the recorder's own word.
    const first = await waitFor(
      async () => {
        const now = await live('show');
        return now.recorder?.state === 'recording' && (now.durationSeconds ?? 0) > 0 && now;
      },
      { what: 'live figures' },
    );
    expect(first.recorder?.bytesReceived).toBeGreaterThan(0);
    await waitFor(async () => ((await live('show')).durationSeconds ?? 0) > (first.durationSeconds ?? 0), {
      what: 'the duration to grow',
    });

    const url = await waitFor(
      async () => {
        const reply = await ask('show', 'download');
        return reply.status === 200 && String(reply.body['url']);
      },
      { what: 'a playlist' },
    );
    expect(await framesPlayed(url, 2)).toBeGreaterThanOrEqual(20);
    expect(await publisher.exited).toBe(0);

    expect(await recorder.stop()).toBe(0);
    const result = await readResult(place);
    if (result.outcome !== 'completed') throw new Error(`the recording failed: ${result.reason}`);
    const { bucket, key, url: fileUrl, sizeBytes, format, durationSeconds } = result;
    const file = { bucket, key, url: fileUrl, sizeBytes, format };
    await world.setStatus(recordingId, {
      phase: 'Completed',
      reason: 'StopRequested',
      durationSeconds,
      file,
    });
    await waitFor(async () => (await ask('show', 'download')).body['sizeBytes'] === sizeBytes, {
      what: 'the recording to be completed',
    });
    const finished = String((await ask('show', 'download')).body['url']);
    for (const address of [finished, url]) {
      expect(comparePackets(await packetHashes(clip), await packetHashes(address))).toMatchObject({
        ok: true,
      });
    }
    const text = await (await fetch(finished)).text();
    expect(text).toMatch(/#EXT-X-ENDLIST\n$/);
    // Each segment by itself: with its signature only, and in parts.
    const segments = text.split('\n').filter((line) => line.includes('.m4s'));
    expect(segments.length).toBeGreaterThan(2);
    const [segment = ''] = segments;
    const part = await fetch(segment, { headers: { Range: 'bytes=4-7' } });
    expect([part.status, await part.text()]).toEqual([206, expect.stringMatching(/^(styp|moof|sidx)$/)]);
    expect((await fetch(segment.slice(0, segment.indexOf('?')))).status).toBe(403);
  }, 180_000);
});

describe('the status', () => {
  /** A recorder that behaves as it is told to. */
  async function recorderThat(answer: Parameters<typeof createServer>[1]): Promise<Server & { url: string }> {
    const server = createServer(answer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return Object.assign(server, { url: `http://127.0.0.1:${port}` });
  }

  it.each([
    ['hangs', () => undefined],
    [
      'answers nonsense',
      (_request: unknown, response: { end: (text: string) => void }) => response.end('{}'),
    ],
  ])('is answered all the same when the recorder %s, by what the object says', async (name, answer) => {
    const meetingId = `mute-${name.length}`;
    const recordingId = await started(meetingId, 'mp4');
    const mute = await recorderThat(answer);
    try {
      await world.setStatus(recordingId, {
        phase: 'Recording',
        durationSeconds: 12,
        recorderUrl: mute.url,
      });
      const seen = await waitFor(
        async () => {
          const now = await live(meetingId);
          return now.durationSeconds === 12 && now;
        },
        { what: 'the object to be seen' },
      );
      expect(seen.recorder).toBeNull();
      const replies = await Promise.all(Array.from({ length: 50 }, () => ask(meetingId, 'status')));
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    } finally {
      mute.close();
      mute.closeAllConnections();
      await once(mute, 'close');
    }
    // Gone altogether.
    expect((await live(meetingId)).recorder).toBeNull();
  });

  it('never goes back, whatever the recorder and the object say', async () => {
    const recordingId = await started('monotonic', 'mp4');
    const young = await recorderThat((_request, response) => {
      const figures = {
        bytesReceived: 1,
        bytesUploaded: 0,
        bytesSpooled: 1,
        bytesFree: 1,
        bitrateKbps: 1,
        fps: 1,
      };
      response.end(
        JSON.stringify({
          recordingId,
          state: 'recording',
          version: 1,
          durationSeconds: 3,
          takes: 1,
          ...figures,
        }),
      );
    });
    try {
      const parts = [
        { attempt: 1, state: 'Salvaged', since: '2026-11-23T10:00:00Z', key: 'k', durationSeconds: 40 },
      ] as const;
      await world.client.patch(
        MEETING_RECORDINGS,
        { namespace: NAMESPACE, name: recordingId },
        {
          type: 'merge',
          body: {
            status: { phase: 'Recording', attempt: 2, parts, durationSeconds: 41, recorderUrl: young.url },
          },
        },
        { subresource: 'status' },
      );
      // 40 s of the recorder that was lost, and 3 s of this one.
      await waitFor(async () => (await live('monotonic')).durationSeconds === 43, { what: 'both to count' });
      await world.setStatus(recordingId, { durationSeconds: 50 });
      await waitFor(async () => (await live('monotonic')).durationSeconds === 50, { what: 'the longer one' });
    } finally {
      young.close();
      young.closeAllConnections();
      await once(young, 'close');
    }
  });
});
