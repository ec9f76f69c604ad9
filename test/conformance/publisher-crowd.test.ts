import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { command, connect, HANDSHAKE, publish } from '../../recorder-image/ingest/testing/messages.ts';
import { anyAddress, startFlood } from '../support/flood.ts';
import { startRtmpClient } from '../support/media/rtmp-client.ts';
import type { RtmpClient } from '../support/media/rtmp-client.ts';
import { tagMessage } from '../support/media/rtmp-publisher.ts';
import { startTcpProxy } from '../support/proxy/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { recordingWorld } from './recording-world.ts';
import type { RecordingWorld } from './recording-world.ts';

// Several processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 240_000 });

/** Half of a round trip. */
const DELAY_MS = 50;
const OWN_ADDRESS = '127.0.0.77';
const CLIENT_HELLO = HANDSHAKE.subarray(0, 1537);
const SERVER_HELLO_BYTES = 1 + 1536 + 1536;
const PARTS = 10;

let world: RecordingWorld;
beforeAll(async () => {
  world = await recordingWorld();
}, 900_000);
afterAll(() => world?.[Symbol.asyncDispose]());

/** Publishes as encoders do, who wait for each answer. */
async function publishStepByStep(port: number, key: string): Promise<RtmpClient> {
  const client = await startRtmpClient({ port });
  const heardBytes = (): boolean => client.heard().length >= SERVER_HELLO_BYTES || client.socket.destroyed;
  await client.send([CLIENT_HELLO]);
  await waitFor(heardBytes, { what: 'the answer to the handshake', intervalMs: 5 });
  await client.send([HANDSHAKE.subarray(1537), connect()]);
  await client.hears('NetConnection.Connect.Success');
  await client.send([command('createStream', 2, null)]);
  await client.hears('_result', 2);
  await client.send([publish(key)]);
  await client.hears('NetStream.Publish.Start');
  return client;
}

it.each([
  { what: 'say nothing', says: undefined },
  { what: 'begin to shake hands', says: CLIENT_HELLO },
])(
  'a publisher far away gets in, each time, while 300 connections a second from everywhere and 150 from its own address $what',
  async ({ says }) => {
    await using recording = await world.start();
    const { recorder, place } = recording;
    await using proxy = await startTcpProxy(recorder.rtmpPort, { delayMs: DELAY_MS });
    proxy.comeFrom(OWN_ADDRESS);
    const flood = { port: recorder.rtmpPort, ...(says && { says }) };
    using everywhere = startFlood({ ...flood, perSecond: 300, addressOf: anyAddress });
    using own = startFlood({ ...flood, perSecond: 150, addressOf: () => OWN_ADDRESS });
    // All places are taken by now.
    await waitFor(() => everywhere.established() > 300 && own.established() > 150, { what: 'the crowd' });
    const messages = world.tags.map(tagMessage);
    for (let part = 0; part < PARTS; part += 1) {
      const share = (count: number): number => Math.floor((messages.length * count) / PARTS);
      await using client = await publishStepByStep(proxy.port, place.streamKey);
      await client.send([
        ...messages.slice(share(part), share(part + 1)),
        command('deleteStream', 6, null, 1),
      ]);
      await client.hears('NetStream.Unpublish.Success');
    }
    const metrics = await (await fetch(`${recorder.http}/metrics`)).text();
    expect(metrics).toMatch(/meetrec_recorder_expelled_connections_total\{reason="crowded"\} [1-9]/);
    expect(metrics).toContain(`meetrec_recorder_publisher_connects_total ${PARTS}`);
    await recording.finish(world.packets);
  },
);
