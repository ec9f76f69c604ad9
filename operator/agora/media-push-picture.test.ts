import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgoraSimulator, startAgoraSimulator } from '../../test/agora-simulator/start.ts';
import { AgoraMediaPush, type PushRequest } from './media-push.ts';

const STREAM_KEY = 'a-stream-key-0123456789abcdef';
const REQUEST: PushRequest = {
  name: 'b7d2e0a4-uid',
  channel: 'standup',
  region: 'eu',
  rtmpUrl: `rtmp://127.0.0.1:1/live/${STREAM_KEY}`,
  width: 1280,
  height: 720,
  fps: 30,
  bitrateKbps: 2000,
};

let simulator: AgoraSimulator;
beforeEach(async () => {
  simulator = await startAgoraSimulator({ autoChannel: false });
});
afterEach(async () => simulator[Symbol.asyncDispose]());

function client(): AgoraMediaPush {
  const { appId, customerId, customerSecret } = simulator.options;
  const logger = pino({ level: 'silent' });
  return new AgoraMediaPush({ baseUrls: [simulator.baseUrl], appId, customerId, customerSecret, logger });
}

describe('a push with a picture of its own', () => {
  it('asks for the regions of a layout, for sound alone, and for one stream as it is', async () => {
    const layout = [{ uid: 7, x: 2, y: 4, width: 640, height: 360 }];
    const made = [
      { ...REQUEST, name: 'arranged', layout },
      { ...REQUEST, name: 'quiet', audioOnly: true },
      { ...REQUEST, name: 'raw', rawStreamUid: 12 },
    ];
    const specs = [];
    for (const request of made)
      specs.push(simulator.converters.find((await client().start(request)).id)?.spec);
    const [arranged, quiet, raw] = specs;
    expect(arranged?.transcodeOptions?.videoOptions).toMatchObject({
      layoutType: 0,
      layout: [
        {
          rtcStreamUid: 7,
          region: { xPos: 2, yPos: 4, zIndex: 0, width: 640, height: 360 },
          fillMode: 'fit',
        },
      ],
    });
    expect(quiet?.transcodeOptions).toMatchObject({ rtcChannel: 'standup', audioOptions: {} });
    expect(quiet?.transcodeOptions).not.toHaveProperty('videoOptions');
    expect(raw?.rawOptions).toEqual({ rtcChannel: 'standup', rtcStreamUid: 12 });
    expect(raw).not.toHaveProperty('transcodeOptions');
  });

  it('tells whether the picture of the one it adopts can be arranged', async () => {
    const layout = [{ uid: 7, x: 0, y: 0, width: 640, height: 360 }];
    await client().start(REQUEST);
    await client().start({ ...REQUEST, name: 'arranged', layout });
    const adopted = [
      await client().start({ ...REQUEST, layout }),
      await client().start({ ...REQUEST, name: 'arranged', layout }),
    ];
    expect(adopted.map(({ hasLayout, isNew }) => [hasLayout, isNew])).toEqual([
      [false, undefined],
      [true, undefined],
    ]);
  });

  it('is tried again where an adopted one can not be moved yet', async () => {
    await client().start(REQUEST);
    simulator.faults.replace([
      {
        match: { operation: 'update' },
        fault: { kind: 'status', status: 400, message: 'sequence must grow' },
      },
    ]);
    const moved = { ...REQUEST, rtmpUrl: `rtmp://127.0.0.2:1/live/${STREAM_KEY}` };
    await expect(client().start(moved)).rejects.toMatchObject({ disposition: 'retry' });
  });
});
