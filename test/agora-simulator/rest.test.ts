import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgoraSimulator, startAgoraSimulator } from './start.ts';

// What the client's own tests don't ask for: the edges of the documented API, by plain HTTP.

let simulator: AgoraSimulator;

beforeEach(async () => {
  simulator = await startAgoraSimulator({ autoChannel: false });
});

afterEach(async () => simulator[Symbol.asyncDispose]());

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const { customerId, customerSecret } = simulator.options;
  return fetch(`${simulator.baseUrl}${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`,
      'Content-Type': 'application/json',
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function project(region = 'eu'): string {
  return `/${region}/v1/projects/${simulator.options.appId}/rtmp-converters`;
}

function converter(overrides: object = {}) {
  const videoOptions = { canvas: { width: 640, height: 360 }, layoutType: 1, bitrate: 500 };
  return {
    converter: {
      name: 'r1',
      transcodeOptions: { rtcChannel: 'c', audioOptions: {}, videoOptions },
      rtmpUrl: 'rtmp://127.0.0.1:1/live/key',
      ...overrides,
    },
  };
}

async function message(response: Response): Promise<string> {
  return ((await response.json()) as { message: string }).message;
}

describe('Create', () => {
  it('answers with the id, the times in seconds and the state, and names request and resource', async () => {
    const response = await ask('POST', project(), converter(), { 'X-Request-ID': 'mine' });
    expect(response.status).toBe(200);
    const body = (await response.json()) as { converter: { id: string; createTs: number } };
    expect(body).toMatchObject({ converter: { state: 'connecting' }, fields: 'id,createTs,updateTs,state' });
    expect(body.converter.createTs).toBeLessThan(10_000_000_000);
    expect(response.headers.get('X-Request-ID')).toBe('mine');
    expect(response.headers.get('X-Resource-ID')).toBe(body.converter.id);
  });

  it.each([
    [{ name: 'with space' }, 'converter.name'],
    [{ rtmpUrl: 'http://example.org/live/key' }, 'rtmpUrl'],
    [{ transcodeOptions: undefined }, 'exactly one of transcodeOptions and rawOptions'],
    [{ jitterBufferSizeMs: 2000 }, 'jitterBufferSizeMs'],
    [{ unheardOf: 1 }, 'unheardOf'],
    [
      { transcodeOptions: { rtcChannel: 'c', videoOptions: { canvas: { width: 640, height: 360 } } } },
      'bitrate',
    ],
    [
      {
        transcodeOptions: {
          rtcChannel: 'c',
          videoOptions: { canvas: { width: 640, height: 360 }, bitrate: 1 },
        },
      },
      'layout is required',
    ],
    [
      {
        transcodeOptions: {
          rtcChannel: 'c',
          videoOptions: { canvas: { width: 60, height: 360 }, bitrate: 1 },
        },
      },
      'canvas.width',
    ],
  ])('refuses %j and says why', async (overrides, why) => {
    const response = await ask('POST', project(), converter(overrides));
    expect(response.status).toBe(400);
    expect(await message(response)).toContain(why);
  });

  it('refuses a region there is none of', async () => {
    expect((await ask('POST', project('mars'), converter())).status).toBe(400);
  });

  it('refuses a name that is taken, until its converter is gone', async () => {
    const first = (await (await ask('POST', project(), converter())).json()) as { converter: { id: string } };
    expect((await ask('POST', project(), converter())).status).toBe(409);
    expect((await ask('DELETE', `${project()}/${first.converter.id}`)).status).toBe(200);
    expect((await ask('POST', project(), converter())).status).toBe(200);
  });
});

describe('any request', () => {
  it('needs the right credentials', async () => {
    const response = await ask('GET', `${project()}/x`, undefined, { Authorization: 'Basic eDp5' });
    expect(response.status).toBe(401);
  });

  it('is one of at most so many a second', async () => {
    await simulator[Symbol.asyncDispose]();
    simulator = await startAgoraSimulator({ requestsPerSecond: 0 });
    const response = await ask('GET', `${project()}/x`);
    expect(response.status).toBe(429);
    expect(await message(response)).toContain('rate limit');
  });
});

describe('a converter', () => {
  it('is not found in another region', async () => {
    const { id } = (
      (await (await ask('POST', project(), converter())).json()) as { converter: { id: string } }
    ).converter;
    expect((await ask('GET', `${project('na')}/${id}`)).status).toBe(404);
    expect((await ask('GET', `${project()}/${id}`)).status).toBe(200);
  });

  it('arranged by Agora can change nothing but its address', async () => {
    const { id } = (
      (await (await ask('POST', project(), converter())).json()) as { converter: { id: string } }
    ).converter;
    const layout = [{ rtcStreamUid: 1, region: { xPos: 0, yPos: 0, width: 10, height: 10 } }];
    const change = { converter: { transcodeOptions: { videoOptions: { layout } } } };
    expect((await ask('PATCH', `${project()}/${id}?sequence=1`, change)).status).toBe(400);
  });

  it('is destroyed when its channel stays empty', async () => {
    await ask('POST', project(), converter({ idleTimeout: 1 }));
    await expect.poll(() => simulator.converters.list().length, { timeout: 20_000 }).toBe(0);
    const destroyed = simulator.notifier.sent.find((it) => it.productId === 5 && it.eventType === 4);
    expect(destroyed?.payload).toMatchObject({ destroyReason: 'Idle Timeout', converter: { name: 'r1' } });
  });

  it('appears in the list with its numbers as strings', async () => {
    await ask('POST', project(), converter());
    const path = `/v1/projects/${simulator.options.appId}/channels/c/rtmp-converters`;
    const body: unknown = await (await ask('GET', path)).json();
    expect(body).toMatchObject({
      success: true,
      data: {
        total_count: 1,
        cursor: 0,
        members: [{ converterName: 'r1', rtcChannel: 'c', idleTimeout: '300' }],
      },
    });
  });
});

describe("a channel's users", () => {
  const users = async (headers = {}) =>
    ask('GET', `/dev/v1/channel/user/${simulator.options.appId}/c`, undefined, headers);

  it('are those who are in it, and a push is among those who watch', async () => {
    expect(await (await users()).json()).toEqual({ success: true, data: { channel_exist: false } });
    simulator.channels.join('c', 7, 'Ada');
    expect(await (await users()).json()).toMatchObject({
      data: { channel_exist: true, mode: 2, broadcasters: [7], audience: [] },
    });
    await ask('POST', project(), converter());
    expect(await (await users()).json()).toMatchObject({ data: { broadcasters: [7], audience_total: 1 } });
  });

  it('are told to those alone who have the credentials, and can be made to fail', async () => {
    expect((await users({ Authorization: 'Basic eDp5' })).status).toBe(401);
    simulator.faults.replace([{ match: { operation: 'users' }, fault: { kind: 'status', status: 500 } }]);
    expect((await users()).status).toBe(500);
    expect((await users()).status).toBe(200);
  });
});

describe('arranged faults', () => {
  it('happen as often as was said, only where they match', async () => {
    const fault = { kind: 'status', status: 503, message: 'later' };
    const list = [{ match: { operation: 'create', channel: 'c' }, fault, count: 1 }];
    expect((await ask('PUT', '/control/faults', list)).status).toBe(200);
    const other = converter({ name: 'r2', transcodeOptions: { rtcChannel: 'other', audioOptions: {} } });
    expect((await ask('POST', project(), other)).status).toBe(200);
    expect((await ask('POST', project(), converter())).status).toBe(503);
    expect((await ask('POST', project(), converter())).status).toBe(200);
  });

  it('are refused when there is no such fault', async () => {
    const list = [{ match: { operation: 'create' }, fault: { kind: 'explode' } }];
    expect((await ask('PUT', '/control/faults', list)).status).toBe(400);
  });
});
