import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { expectProblem } from './api-problem.ts';
import { ApiWorld, BUCKET, call, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let api: RunningApi;
let host: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  api = await world.startApi({ ...world.environment(world.databaseUri()), S3_BUCKET: BUCKET });
  host = await tokenOf('host-1');
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const put = async (key: string, body: string): Promise<void> => {
  await world.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
};
const playlistOf = (folder: string, segments: number, ended: boolean): string =>
  [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:6',
    '#EXT-X-PLAYLIST-TYPE:EVENT',
    `#EXT-X-MAP:URI="${folder}/1-init.mp4"`,
    ...Array.from({ length: segments }, (_, index) => `#EXTINF:6.000000,\n${folder}/1-0000${index}.m4s`),
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n');

async function started(meetingId: string): Promise<string> {
  const base = `${api.base}/meetings/${encodeURIComponent(meetingId)}`;
  const body = { host: 'host-1', channel: 'standup' };
  await call('PUT', base, { token: await serviceToken(), body });
  const reply = await call('POST', `${base}/recording/start`, { token: host, body: { format: 'm3u8' } });
  return String(reply.body.recording?.['recordingId']);
}
const download = (meetingId: string): Promise<Reply> =>
  call('GET', `${api.base}/meetings/${encodeURIComponent(meetingId)}/recording/download`, { token: host });

/** Every address that a playlist names, as a player finds them. */
async function addressesIn(url: string): Promise<string[]> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/vnd.apple.mpegurl');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const text = await response.text();
  return text
    .split('\n')
    .flatMap((line) =>
      line.startsWith('#') ? (/URI="([^"]+)"/.exec(line)?.[1] ?? []) : line === '' ? [] : line,
    );
}

describe('a playlist', () => {
  it('can be watched by whoever has the link, while it grows and afterwards; the bucket stays private', async () => {
    const id = await started('../ä odd');
    expectProblem(await download('../ä odd'), 409, 'not-available');
    const folder = await world.folder(id);
    expect(folder.prefix).toMatch(/^recordings\/\.\.___odd\/rec-/);
    const key = `${folder.prefix}recording.m3u8`;
    await put(`${folder.prefix}segments/1-init.mp4`, 'init');
    for (const index of [0, 1, 2])
      await put(`${folder.prefix}segments/1-0000${index}.m4s`, `segment ${index}`);
    await put(key, playlistOf('segments', 2, false));
    await put(`${folder.prefix}recording-attempt2x.m3u8`, 'not one of its');
    await world.setStatus(id, { phase: 'Recording', startedAt: '2026-11-23T10:00:00Z', folder });

    const growing = await waitFor(
      async () => {
        const reply = await download('../ä odd');
        return reply.status === 200 && reply;
      },
      { what: 'its folder to be known' },
    );
    expect(growing.body).toMatchObject({ recordingId: id, format: 'm3u8', sizeBytes: null });
    const url = String(growing.body['url']);
    expect(await addressesIn(url)).toHaveLength(3);
    await put(key, playlistOf('segments', 3, false));
    const addresses = await addressesIn(url);
    const contents = await Promise.all(addresses.map(async (address) => (await fetch(address)).text()));
    expect(contents).toEqual(['init', 'segment 0', 'segment 1', 'segment 2']);
    for (const address of addresses) {
      // Long enough to be watched: the media's own length beyond the usual.
      expect(Number(new URL(address).searchParams.get('X-Amz-Expires'))).toBeGreaterThanOrEqual(900 + 18);
      expect((await fetch(address.slice(0, address.indexOf('?')))).status).toBe(403);
    }
    const anonymous = await fetch(`${world.s3.endpoint}/${BUCKET}/${key}`);
    expect(anonymous.status).toBe(403);
    await anonymous.body?.cancel();

    await put(key, playlistOf('segments', 3, true));
    const file = {
      bucket: BUCKET,
      key,
      url: `s3://${BUCKET}/${key}`,
      sizeBytes: 40,
      format: 'm3u8',
    } as const;
    await world.setStatus(id, { phase: 'Completed', reason: 'StopRequested', file });
    await waitFor(async () => (await download('../ä odd')).body['sizeBytes'] === 40, {
      what: 'it to be completed',
    });
    expect(await addressesIn(String((await download('../ä odd')).body['url']))).toHaveLength(4);
    expect(await addressesIn(url)).toHaveLength(4);
  });

  it('is the latest attempt while a recording goes on after its recorder was lost', async () => {
    const id = await started('lost');
    await put(`recordings/lost/${id}.m3u8`, playlistOf(id, 1, false));
    await put(`recordings/lost/${id}-attempt2.m3u8`, playlistOf(`${id}-attempt2`, 2, false));
    const addresses = await addressesIn(String((await download('lost')).body['url']));
    expect(addresses).toHaveLength(3);
    expect(addresses[0]).toContain(`${id}-attempt2/1-init.mp4`);
  });

  it('is the latest attempt of a recording with a folder, too', async () => {
    const id = await started('lost-later');
    const folder = await world.folder(id);
    await put(`${folder.prefix}recording.m3u8`, playlistOf('segments', 1, false));
    await put(`${folder.prefix}recording-attempt2.m3u8`, playlistOf('segments-attempt2', 2, false));
    // Not its own, whoever has put it there.
    await put(`recordings/lost-later/${id}-attempt3.m3u8`, playlistOf('segments', 3, false));
    await world.setStatus(id, { phase: 'Recording', folder });
    const reply = await waitFor(
      async () => {
        const found = await download('lost-later');
        return found.status === 200 && found;
      },
      { what: 'its folder to be known' },
    );
    const addresses = await addressesIn(String(reply.body['url']));
    expect(addresses).toHaveLength(3);
    expect(addresses[0]).toContain('/segments-attempt2/1-init.mp4');
  });

  it.each([
    ...['../lost/secret.mp4', '%2e%2e/lost/secret.mp4', 'secret.mp4'],
    ...[
      'segments/../../x',
      '/recordings/lost/secret.mp4',
      'https://elsewhere/x',
      'segments\\..\\x',
      'segments//x',
    ],
  ])('has nothing signed that lies elsewhere: %s', async (name) => {
    const id = await started('sly');
    const folder = await world.folder(id);
    const listing = (key: string): Promise<void> => put(key, `#EXTM3U\n#EXTINF:6,\n${name}\n`);
    await listing(`recordings/sly/${id}.m3u8`);
    await listing(`${folder.prefix}recording.m3u8`);
    for (const status of [{}, { folder }]) {
      await world.setStatus(id, { phase: 'Recording', ...status });
      const reply = await waitFor(
        async () => {
          const found = await download('sly');
          const recordings = await call('GET', `${api.base}/meetings/sly/recordings`, { token: host });
          const [latest] = recordings.body['recordings'] as { status: string }[];
          return found.status === 200 && latest?.status === 'recording' && found;
        },
        { what: 'it to be recorded' },
      );
      const served = await fetch(String(reply.body['url']));
      const text = await served.text();
      expect(served.status).toBe(500);
      expect(text).not.toContain('X-Amz');
    }
    await world.setStatus(id, { phase: 'Failed', reason: 'NoPublisher' });
    await waitFor(async () => (await download('sly')).body['code'] === 'not-available', {
      what: 'it to have failed',
    });
  });

  it.each(['another', 'another-attempt2'])(
    'of before recordings had folders can not have the segments of %s of its meeting signed',
    async (other) => {
      const id = await started(`neighbours-${other}`);
      await put(`recordings/neighbours-${other}/${id}.m3u8`, playlistOf(other, 1, false));
      const served = await fetch(String((await download(`neighbours-${other}`)).body['url']));
      expect(served.status).toBe(500);
      expect(await served.text()).not.toContain('X-Amz');
    },
  );

  it('is refused to whoever changed the link', async () => {
    for (const link of ['nonsense', host]) {
      expectProblem(await call('GET', `${api.base}/playlists/${link}/index.m3u8`), 403, 'link-invalid');
    }
  });
});
