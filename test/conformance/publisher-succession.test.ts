import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { command, connect, HANDSHAKE, publish } from '../../recorder-image/ingest/testing/messages.ts';
import { startPublishing } from '../support/media/publish.ts';
import { startPublishingClient, startRtmpClient } from '../support/media/rtmp-client.ts';
import type { RtmpClient } from '../support/media/rtmp-client.ts';
import { tagMessage } from '../support/media/rtmp-publisher.ts';
import { startTcpProxy } from '../support/proxy/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { recordingWorld } from './recording-world.ts';
import type { Recording, RecordingWorld } from './recording-world.ts';

// Several processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

let world: RecordingWorld;
beforeAll(async () => {
  world = await recordingWorld({ seconds: 8 });
}, 900_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const messages = (from: number, to = 1): Buffer[] => {
  const share = (part: number): number => Math.floor(world.tags.length * part);
  return world.tags.slice(share(from), share(to)).map(tagMessage);
};
const publisher = ({ recorder, place }: Recording, port = recorder.rtmpPort): Promise<RtmpClient> =>
  startPublishingClient({ port, key: place.streamKey });
const end = command('deleteStream', 6, null, 1);

/** Sends them some ms apart, as a live source does, until told. */
function trickle(client: RtmpClient, all: readonly Buffer[]): { stop: () => number } {
  let sent = 0;
  const timer = setInterval(() => {
    const bytes = all[sent];
    if (bytes === undefined || !client.socket.writable) return;
    client.socket.write(bytes);
    sent += 1;
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return sent;
    },
  };
}

describe('a publisher that comes back', () => {
  it('while its connection before is half open goes on at once', async () => {
    await using recording = await world.start();
    const { recorder } = recording;
    await using proxy = await startTcpProxy(recorder.rtmpPort);
    await using first = await publisher(recording, proxy.port);
    await first.send(messages(0, 0.5));
    const sent = world.tags
      .slice(0, Math.floor(world.tags.length / 2))
      .reduce((sum, { payload }) => sum + payload.length, 0);
    // But for the codec configurations, which are no media.
    await waitFor(async () => (await recorder.status()).bytesReceived > sent - 1000, { what: 'half of it' });
    proxy.halfOpen();
    await using second = await publisher(recording);
    expect(await recorder.status()).toMatchObject({ state: 'recording' });
    await second.send([...messages(0.5), end]);
    await recording.finish(world.packets);
  });

  it('has what is unread of its connection before taken first', async () => {
    await using recording = await world.start();
    const { recorder, place } = recording;
    await using first = await publisher(recording);
    await first.send(messages(0, 0.25));
    await recorder.reach('recording');
    // Nothing of this is read before the second one has come, and has sent something too.
    process.kill(recorder.child.pid, 'SIGSTOP');
    await first.send(messages(0.25, 0.75));
    await using second = await startRtmpClient({ port: recorder.rtmpPort });
    await second.send([HANDSHAKE, connect(), publish(place.streamKey), ...messages(0.75, 0.8)]);
    process.kill(recorder.child.pid, 'SIGCONT');
    await second.hears('NetStream.Publish.Start');
    await second.send([...messages(0.8), end]);
    await first.closed;
    expect(first.heard()).toMatch(/NetStream\.Publish\.BadName.*taken over/s);
    await recording.finish(world.packets);
  });
});

describe('two publishers that are alive', () => {
  it('follow one another: the newcomer is live, and the one before it does not get back', async () => {
    await using recording = await world.start();
    await using first = await publisher(recording);
    await first.send(messages(0, 0.5));
    await using second = await publisher(recording);
    await first.closed;
    const sending = trickle(second, messages(0.5));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(publisher(recording)).rejects.toThrow('Another publisher with this stream key is live');
    }
    const sent = sending.stop();
    await second.send([...messages(0.5).slice(sent), end]);
    await recording.finish(world.packets);
  });

  it('one of them FFmpeg, which ends when it is displaced, and says why', async () => {
    await using recording = await world.start();
    const { recorder } = recording;
    await using live = await startPublishing({
      file: world.clip,
      url: recorder.url,
      realTime: true,
      loop: true,
    });
    await recorder.reach('recording');
    await using second = await publisher(recording);
    expect(await live.exited).not.toBe(0);
    expect(live.output()).toContain('another publisher with this stream key has taken over');
    await second.send([...messages(0), end]);
    await second.hears('NetStream.Unpublish.Success');
    expect(await recorder.stop()).toBe(0);
  });
});
