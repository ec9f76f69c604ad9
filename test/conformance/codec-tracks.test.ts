import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Tag } from '../../recorder-image/journal/flv.ts';
import { makeClip } from '../support/media/clip.ts';
import type { CodedTrack } from '../support/media/coded-track.ts';
import { readFlvTags } from '../support/media/flv-tags.ts';
import { packetHashes } from '../support/media/packets.ts';
import { readResult, startRecorder } from '../support/media/recorder-process.ts';
import type { RtmpClient } from '../support/media/rtmp-client.ts';
import { interleaved, messagesOf } from '../support/media/rtmp-forms.ts';
import { pushTags, tagMessage } from '../support/media/rtmp-publisher.ts';
import { waitFor } from '../support/wait-for.ts';
import { codecWorld } from './codec-world.ts';
import type { CodecWorld } from './codec-world.ts';
import { expectTracks } from './compare-tracks.ts';
import { recordedStreams } from '../support/media/recorded-streams.ts';
import { toneBeginnings } from './tone-edges.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

let world: CodecWorld;

beforeAll(async () => {
  world = await codecWorld();
}, 900_000);

afterAll(() => world[Symbol.asyncDispose]());

describe('a track that can not be recorded', () => {
  it.each(['mp4', 'webm', 'm3u8'] as const)(
    'is refused by name, and costs the %s no other track',
    async (format) => {
      const [picture, sound] = [await world.track('screen'), await world.track('aac')];
      await using recording = await world.start(format);
      await using client = await recording.connect();
      const tags = interleaved([messagesOf(picture, 'flv'), messagesOf(sound, 'flv')]);
      await client.send(tags.slice(0, 1).map((tag) => tagMessage(tag)));
      const why = `Screen Video can't be recorded as ${format}. Send H.264,`;
      await waitFor(() => told(client).includes(why), { what: 'the refusal' });
      await client.send(tags.slice(1).map((tag) => tagMessage(tag)));
      await waitFor(async () => (await recording.recorder.status()).durationSeconds > 3.9, {
        what: 'the sound',
      });
      expect(told(client).split("can't be recorded")).toHaveLength(2);
      expect(client.socket.destroyed).toBe(false);
      await expectTracks(await recording.finish({ incomplete: 'TrackLeftOut' }), format, [sound]);
      expect(recording.recorder.child.output()).toContain(why);
    },
  );

  it('is refused where nobody has ever heard of its codec', async () => {
    const picture = await world.track('avc');
    const unknown = Array.from({ length: 20 }, (_, index): Tag => {
      const payload = Buffer.concat([Buffer.from([0x91]), Buffer.from('xhe9'), Buffer.from([1, 2, 3])]);
      return { track: 'audio', timestampMs: index * 100, payload };
    });
    await using recording = await world.start('mp4');
    await using client = await recording.connect();
    await client.send(interleaved([messagesOf(picture, 'flv'), unknown]).map((tag) => tagMessage(tag)));
    await waitFor(() => told(client).includes("xhe9 can't be recorded as mp4"), { what: 'the refusal' });
    await expectTracks(await recording.finish({ incomplete: 'TrackLeftOut' }), 'mp4', [picture]);
  });

  it('makes the publisher go where it has nothing else for 5 s', async () => {
    const vp6 = Array.from({ length: 60 }, (_, index): Tag => {
      return { track: 'video', timestampMs: index * 100, payload: Buffer.from([0x14, 0, 1, 2, 3]) };
    });
    await using recording = await world.start('mp4');
    await using client = await recording.connect();
    await client.send(vp6.map((tag) => tagMessage(tag)));
    await client.closed;
    expect(told(client)).toContain("VP6 can't be recorded as mp4");
    // Nothing was taken: it waits for one that has something.
    expect((await recording.recorder.status()).state).toBe('waiting');
    expect(await recording.recorder.stop()).toBe(10);
  });
});

describe('what slips through', () => {
  it('is stored as it came, where nothing says how it is coded', async () => {
    const frames = Array.from({ length: 50 }, (_, index): Tag => {
      const payload = Buffer.concat([Buffer.from([0x27, 1, 0, 0, 0]), Buffer.alloc(500, index)]);
      return { track: 'video', timestampMs: index * 40, payload };
    });
    await using recording = await world.start('mp4');
    await pushTags(frames, { url: recording.recorder.url });
    expect(await recording.recorder.stop()).toBe(0);
    expect(await readResult(recording.place)).toMatchObject({ outcome: 'completed' });
    const folder = dirname(recording.file);
    const journals = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.flv'));
    expect(journals).toHaveLength(1);
    const stored = await readFlvTags(join(folder, journals[0] ?? ''));
    expect(stored.map(({ payload }) => payload.toString('hex'))).toEqual(
      frames.map(({ payload }) => payload.toString('hex')),
    );
  });
});

describe('times', () => {
  it.each(['mp4', 'm3u8', 'webm'] as const)(
    'before the decoding time are in the %s as they were sent',
    async (format) => {
      const clip = await world.track('avc');
      // As encoders do it that begin with a time of 0 to be shown, and decode ahead of that.
      const picture: CodedTrack = {
        ...clip,
        packets: clip.packets.map((packet) => ({ ...packet, ptsMs: packet.ptsMs - 133 })),
      };
      expect(picture.packets.some(({ ptsMs, dtsMs }) => ptsMs < dtsMs)).toBe(true);
      const sound = await world.track('aac');
      const tags = interleaved([messagesOf(picture, 'flv'), messagesOf(sound, 'flv')]);
      const file = await world.record(format, tags);
      await expectTracks(file, format, [picture, sound]);
      const first = (await recordedStreams(file)).find(({ type }) => type === 'video')?.packets[0];
      // Less than half a frame.
      if (format === 'webm') expect(first?.ptsMs).toBeLessThan(33);
    },
  );

  it.each(['mp4', 'webm'] as const)(
    'of sound that comes 3 s late, behind 20 Mbit/s, are in the %s',
    async (format) => {
      const clip = await makeClip(join(world.folder, `${format}-large.flv`), {
        ...{ seconds: 7, tracks: 'video', bitrateKbps: 20_000 },
      });
      const late = messagesOf(await world.track('aac'), 'flv').map((tag) => {
        return { ...tag, timestampMs: tag.timestampMs + 3000 };
      });
      const file = await world.record(format, interleaved([await readFlvTags(clip), late]));
      const beginnings = await toneBeginnings(file, 0);
      expect(beginnings).toHaveLength(4);
      for (const [index, ms] of beginnings.entries())
        expect(Math.abs(ms - (3000 + index * 1000))).toBeLessThan(120);
      if (format === 'webm') return;
      expect((await packetHashes(file)).audio).toHaveLength(late.length - 1);
      expect((await packetHashes(file)).video).toEqual((await packetHashes(clip)).video);
    },
  );
});

it('several tracks of sound in two takes of a webm are all there, in a file for each take', async () => {
  const sound = [await world.track('aac'), await world.track('opus')];
  await using recording = await world.start('webm');
  for (const picture of [await world.track('avc'), await world.track('vp9')]) {
    const messages = [picture, ...sound].map((track, index) => {
      return messagesOf(track, 'enhanced', Math.max(0, index - 1));
    });
    await pushTags(interleaved(messages), { url: recording.recorder.url });
  }
  expect(await recording.recorder.stop()).toBe(0);
  const result = await readResult(recording.place);
  const files = result.outcome === 'completed' ? (result.files ?? []) : [];
  expect(files).toHaveLength(2);
  for (const { key } of files) {
    const streams = await recordedStreams(join(dirname(recording.file), basename(key)));
    expect(streams.map(({ type }) => type)).toEqual(['video', 'audio', 'audio']);
  }
});

describe('audio that is encoded', () => {
  it('goes on where the recorder was killed, and another one came', async () => {
    const [picture, sound] = [await world.track('avc'), await world.track('pcma')];
    const tags = interleaved([messagesOf(picture, 'flv'), messagesOf(sound, 'flv')]);
    await using recording = await world.start('mp4');
    await pushTags(tags, { url: recording.recorder.url });
    const bytes = tags.reduce((sum, { payload }) => sum + payload.length, 0);
    await waitFor(async () => (await recording.recorder.status()).bytesSpooled > bytes, {
      what: 'the journal',
    });
    await recording.recorder.kill();
    await using next = await startRecorder(recording.place);
    await pushTags(tags, { url: next.url });
    // Whether it knew that its publisher had gone when it was killed is a matter of ms.
    const file = await recording.finish({ recorder: next, incomplete: 'either' });
    const beginnings = await toneBeginnings(file, 0);
    expect(beginnings).toHaveLength(8);
    const again = (beginnings[4] ?? 0) - (beginnings[0] ?? 0);
    expect(again).toBeGreaterThan(3900);
    for (const [index, ms] of beginnings.entries()) {
      expect(Math.abs(ms - ((index % 4) * 1000 + (index < 4 ? 0 : again)))).toBeLessThan(120);
    }
    const once = picture.packets.map(({ payload }) => payload);
    const { video } = await packetHashes(file);
    expect(video).toHaveLength(once.length * 2);
  });

  it('goes on where its FFmpeg was killed', async () => {
    const [picture, sound] = [await world.track('avc'), await world.track('pcmu')];
    const tags = interleaved([messagesOf(picture, 'flv'), messagesOf(sound, 'flv')]);
    await using recording = await world.start('mp4');
    await using client = await recording.connect();
    const messages = tags.map((tag) => tagMessage(tag));
    const half = messages.length / 2;
    await client.send(messages.slice(0, half));
    const pid = await waitFor(() => ffmpegOf(recording.recorder.child.pid), { what: 'FFmpeg' });
    process.kill(pid, 'SIGKILL');
    await client.send(messages.slice(half));
    await expectTracks(await recording.finish(), 'mp4', [picture, sound]);
  });
});

/** What the server has said, which is ASCII, without what begins each further chunk of it. */
function told(client: RtmpClient): string {
  return client.heard().replaceAll(/[\u00c0-\u00ff]/g, '');
}

/** The process ID of an FFmpeg that this process has started. */
async function ffmpegOf(parent: number): Promise<number | undefined> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ');
  for (const pid of children.filter((text) => text !== '')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('ffmpeg')) return Number(pid);
  }
  return undefined;
}
