import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  amf,
  chunksOf,
  command,
  connect,
  HANDSHAKE,
  INVOKE,
  message,
  publish,
  values,
} from '../../recorder-image/ingest/testing/messages.ts';
import { startPublishingClient, startRtmpClient } from '../support/media/rtmp-client.ts';
import type { RtmpClient } from '../support/media/rtmp-client.ts';
import { readResult } from '../support/media/recorder-process.ts';
import { tagMessage } from '../support/media/rtmp-publisher.ts';
import { chunkForms } from './chunk-forms.ts';
import { recordingWorld } from './recording-world.ts';
import type { Recording, RecordingWorld } from './recording-world.ts';

// Several processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

let world: RecordingWorld;
beforeAll(async () => {
  world = await recordingWorld();
}, 900_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const publishing = ({ recorder, place }: Recording): Promise<RtmpClient> =>
  startPublishingClient({ port: recorder.rtmpPort, key: place.streamKey });
const clip = (): Buffer[] => world.tags.map(tagMessage);
const end = command('deleteStream', 6, null, 1);

describe('a publisher that sends', () => {
  it.each(chunkForms)('$what has each packet once in its file', async ({ bytes }) => {
    await using recording = await world.start();
    await using client = await publishing(recording);
    await client.send(bytes(world.tags));
    await client.send([end]);
    await recording.finish(world.packets);
    expect((await readResult(recording.place)).durationSeconds).toBeCloseTo(4, 0);
  });

  it('metadata, ends of sequences, pings and what nobody knows, in between, has each packet once', async () => {
    await using recording = await world.start();
    await using client = await publishing(recording);
    const between = [
      message(18, 0, values('@setDataFrame', 'onMetaData', { encoder: 'x' }), 5),
      message(15, 0, Buffer.concat([Buffer.from([0]), values('onMetaData')]), 5),
      message(18, 0, Buffer.alloc(300, 0x55), 5),
      // The end of a sequence, in the old form and in the enhanced one, and a metadata frame of the enhanced one.
      message(9, 0, Buffer.from([0x17, 2, 0, 0, 0]), 7),
      message(9, 0, Buffer.from([0x92, ...Buffer.from('avc1')]), 7),
      message(9, 0, Buffer.concat([Buffer.from([0x94, ...Buffer.from('avc1')]), values('colorInfo')]), 7),
      message(4, 0, Buffer.from([0, 6, 0, 0, 0, 1]), 2),
      command('makeCoffee', 9, null),
      message(99, 0, Buffer.alloc(10), 5),
    ];
    const mixed = clip().flatMap((bytes, index) => {
      const extra = between[Math.floor(index / 10) % between.length];
      return index % 10 === 9 && extra !== undefined ? [bytes, extra] : [bytes];
    });
    await client.send(mixed);
    await client.send([end]);
    await client.hears('NetStream.Unpublish.Success');
    expect(client.heard()).toContain('NetConnection.Call.Failed');
    await recording.finish(world.packets);
  });
});

describe('a publisher whose commands', () => {
  it.each([
    { what: 'come in the order of FMLE', order: ['releaseStream', 'FCPublish', 'createStream'] },
    {
      what: 'come in another order',
      order: ['createStream', 'getStreamLength', 'FCPublish', 'releaseStream'],
    },
    { what: 'ask for many streams', order: Array.from({ length: 20 }, () => 'createStream') },
  ])('$what has its file', async ({ order }) => {
    await using recording = await world.start();
    await using client = await startRtmpClient({ port: recording.recorder.rtmpPort });
    await client.send([HANDSHAKE, connect()]);
    for (const [index, name] of order.entries()) {
      await client.send([command(name, index + 2, null, recording.place.streamKey)]);
      await client.hears('_result', index + 2);
    }
    const streamId = order.filter((name) => name === 'createStream').length;
    const key = recording.place.streamKey;
    await client.send(chunksOf(INVOKE, 0, values('publish', 99, null, key, 'live'), { streamId }));
    await client.hears('NetStream.Publish.Start');
    await client.send(clip());
    await client.send([command('FCUnpublish', 100, null, key), command('deleteStream', 101, null, streamId)]);
    await recording.finish(world.packets);
  });

  it('are coded in AMF3 has its file', async () => {
    await using recording = await world.start();
    await using client = await startRtmpClient({ port: recording.recorder.rtmpPort });
    const amf3 = (...parts: readonly Buffer[]): Buffer =>
      message(17, 0, Buffer.concat([Buffer.from([0]), ...parts]));
    const nothing = Buffer.from([0x11, 1]);
    const text = (value: string): Buffer =>
      Buffer.from([0x11, 6, value.length * 2 + 1, ...Buffer.from(value)]);
    const object = amf({ app: 'live', tcUrl: 'rtmp://localhost/live' }).subarray(0, -3);
    const encoding = Buffer.concat([Buffer.from([0, 14]), Buffer.from('objectEncoding'), amf(3)]);
    const ends = Buffer.from([0, 0, 9]);
    await client.send([
      HANDSHAKE,
      message(INVOKE, 0, Buffer.concat([values('connect', 1), object, encoding, ends])),
      amf3(values('createStream', 2), nothing),
      amf3(values('publish', 3), nothing, text(recording.place.streamKey), text('live')),
    ]);
    await client.hears('NetStream.Publish.Start');
    await client.send(clip());
    await client.send([amf3(values('deleteStream', 4), nothing, Buffer.from([0x11, 4, 1]))]);
    await client.hears('NetStream.Unpublish.Success');
    await recording.finish(world.packets);
  });

  it('ask for more than it has, while it is live, costs it nothing', async () => {
    await using recording = await world.start();
    await using client = await publishing(recording);
    const key = recording.place.streamKey;
    const half = Math.floor(world.tags.length / 2);
    await client.send(clip().slice(0, half));
    await client.send([publish(key)]);
    await client.hears('NetStream.Publish.Start', 2);
    await client.send(chunksOf(INVOKE, 0, values('publish', 7, null, key, 'live'), { streamId: 2 }));
    await client.send([publish('wrong'), command('play', 8, null, key)]);
    await client.hears('NetStream.Publish.BadName', 2);
    await client.hears('NetStream.Play.Failed');
    await client.send(clip().slice(half));
    await client.send([end]);
    await recording.finish(world.packets);
  });
});

describe('a publisher that ends and stays connected', () => {
  it.each([
    { how: 'deleteStream', ends: end },
    { how: 'FCUnpublish', ends: command('FCUnpublish', 6, null) },
    { how: 'closeStream', ends: command('closeStream', 0, null) },
  ])('with $how may publish again, and goes on in the same file', async ({ ends }) => {
    await using recording = await world.start();
    await using client = await publishing(recording);
    const half = Math.floor(world.tags.length / 2);
    await client.send([...clip().slice(0, half), ends]);
    await recording.recorder.reach('reconnecting');
    await client.send([command('createStream', 7, null), publish(recording.place.streamKey)]);
    await client.hears('NetStream.Publish.Start', 2);
    await client.send(clip().slice(half));
    // And stays: a stop does not wait for it.
    await client.send([ends]);
    await client.hears('NetStream.Unpublish.Success', 2);
    await recording.finish(world.packets);
  });

  it('in the same breath in which it begins again has each packet once', async () => {
    await using recording = await world.start();
    await using client = await publishing(recording);
    const again = Buffer.concat([end, publish(recording.place.streamKey)]);
    const all = clip().flatMap((bytes, index) => (index > 0 && index % 40 === 0 ? [again, bytes] : [bytes]));
    await client.send(all);
    await client.send([end]);
    await recording.finish(world.packets);
  });
});
