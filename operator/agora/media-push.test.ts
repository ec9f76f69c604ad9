import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FaultInput, RestOperation } from '../../test/agora-simulator/faults.ts';
import type { SimulatorOptions } from '../../test/agora-simulator/options.ts';
import { type AgoraSimulator, startAgoraSimulator } from '../../test/agora-simulator/start.ts';
import { AgoraError, AgoraMediaPush, type AgoraMediaPushOptions, type PushRequest } from './media-push.ts';

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
// A port where nobody listens.
const NOBODY = 'http://127.0.0.1:1';

let simulator: AgoraSimulator;
let waitsMs: number[];
let counted: string[];

/** Empty channels: a converter stays connecting, and no media is made. */
async function start(options: Partial<SimulatorOptions> = {}): Promise<void> {
  simulator = await startAgoraSimulator({ autoChannel: false, ...options });
}

function client(options: Partial<AgoraMediaPushOptions> = {}): AgoraMediaPush {
  const { appId, customerId, customerSecret } = simulator.options;
  return new AgoraMediaPush({
    baseUrls: [simulator.baseUrl],
    appId,
    customerId,
    customerSecret,
    logger: pino({ level: 'silent' }),
    sleep: async (ms) => void waitsMs.push(ms),
    random: () => 0,
    onRequest: (operation, status) => void counted.push(`${operation} ${status}`),
    ...options,
  });
}

function arrange(operation: RestOperation, fault: FaultInput['fault'], count = 1): void {
  simulator.faults.replace([{ match: { operation }, fault, count } as FaultInput]);
}

async function failure(work: Promise<unknown>): Promise<AgoraError> {
  const outcome = await work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (outcome instanceof AgoraError) return outcome;
  throw new Error(`expected an AgoraError, got ${String(outcome)}`);
}

beforeEach(async () => {
  waitsMs = [];
  counted = [];
  await start();
});

afterEach(async () => simulator[Symbol.asyncDispose]());

describe('asking for a push', () => {
  it('makes a converter with the name, channel, address, size, rate and sound that were asked for', async () => {
    const converter = await client().start({ ...REQUEST, idleTimeoutSeconds: 60, audioBitrateKbps: 64 });

    expect(converter).toMatchObject({ state: 'connecting', name: REQUEST.name, channel: 'standup' });
    expect(simulator.converters.find(converter.id)).toMatchObject({
      region: 'eu',
      spec: {
        rtmpUrl: REQUEST.rtmpUrl,
        idleTimeout: 60,
        transcodeOptions: {
          audioOptions: { bitrate: 64 },
          videoOptions: { canvas: { width: 1280, height: 720 }, layoutType: 1, bitrate: 2000, frameRate: 30 },
        },
      },
    });
    expect(counted).toEqual(['create 200']);
  });

  it('asks for sound where nothing is said of it', async () => {
    const { id } = await client().start(REQUEST);
    expect(simulator.converters.find(id)?.spec.transcodeOptions?.audioOptions).toBeDefined();
  });

  it('adopts the one that exists', async () => {
    const first = await client().start(REQUEST);
    const second = await client().start(REQUEST);
    expect(second.id).toBe(first.id);
    expect(counted).toEqual(['create 200', 'create 409', 'list 200']);
  });

  it('points the one it adopts at the new pod', async () => {
    const first = await client().start(REQUEST);
    const rtmpUrl = `rtmp://127.0.0.2:1/live/${STREAM_KEY}`;
    const second = await client().start({ ...REQUEST, rtmpUrl });
    expect(second).toMatchObject({ id: first.id, rtmpUrl });
    expect(simulator.converters.find(first.id)?.spec.rtmpUrl).toBe(rtmpUrl);
  });

  it('replaces one that has failed', async () => {
    await simulator[Symbol.asyncDispose]();
    await start({ autoChannel: true, ffmpeg: '/bin/false', pushFailSeconds: 0, pushRetrySeconds: 0 });
    const first = await client().start(REQUEST);
    await expect
      .poll(async () => (await client().get('eu', first.id))?.state, { timeout: 20_000 })
      .toBe('failed');

    const second = await client().start(REQUEST);
    expect(second.id).not.toBe(first.id);
    expect(simulator.converters.list()).toHaveLength(1);
  });

  it('after a 504 finds that it exists, and does not ask again', async () => {
    arrange('create', { kind: 'done-but-504' });
    const converter = await client().start(REQUEST);
    expect(simulator.converters.find(converter.id)?.name).toBe(REQUEST.name);
    expect(counted).toEqual(['create 504', 'list 200']);
  });

  it('after a 504 that changed nothing looks first, then asks again', async () => {
    arrange('create', { kind: 'status', status: 504, message: 'timeout' });
    await client().start(REQUEST);
    expect(counted).toEqual(['create 504', 'list 200', 'create 200']);
  });

  it('gives up waiting for an answer, looks, and asks again', async () => {
    arrange('create', { kind: 'hang' });
    await client({ requestTimeoutMs: 1000 }).start(REQUEST);
    expect(counted.slice(0, 2)).toEqual(['create timeout', 'list 200']);
    expect(simulator.converters.list()).toHaveLength(1);
  });

  it.each([
    [{ fps: 60 }, /fps must be 1 to 30 frames a second/],
    [{ width: 3840 }, /width must be 66 to 1920 pixels/],
    [{ bitrateKbps: 20_000 }, /bitrateKbps must be 1 to 10000 kbit\/s/],
    [{ name: 'no spaces' }, /name must be/],
    [{ rtmpUrl: 'http://x/live/k' }, /rtmpUrl must start with rtmp/],
  ])('refuses %o without asking Agora', async (wrong, message) => {
    const error = await failure(client().start({ ...REQUEST, ...wrong }));
    expect(error).toMatchObject({ code: 'AgoraRejected', disposition: 'permanent' });
    expect(error.message).toMatch(message);
    expect(counted).toEqual([]);
  });

  it('stops when the caller gives up, with the caller’s reason', async () => {
    arrange('create', { kind: 'hang' });
    const caller = new AbortController();
    const work = client().start(REQUEST, caller.signal);
    caller.abort(new Error('shutting down'));
    await expect(work).rejects.toThrow('shutting down');
  });
});

describe('what a refusal means', () => {
  it.each([
    [400, 'invalid parameter', 'AgoraRejected', 'permanent'],
    [401, '', 'AgoraUnauthorized', 'permanent'],
    [403, 'not enabled', 'AgoraUnauthorized', 'permanent'],
    [404, 'no such project', 'AgoraNotFound', 'retry'],
    [429, 'too many requests', 'AgoraRateLimited', 'retry'],
    [429, 'resource quota exceeded', 'AgoraQuotaExceeded', 'quota'],
    [429, 'no resources available', 'AgoraQuotaExceeded', 'quota'],
  ])('%i "%s" is %s', async (status, message, code, disposition) => {
    arrange('create', { kind: 'status', status, message });
    const error = await failure(client().start(REQUEST));
    expect(error).toMatchObject({ code, disposition, status });
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(error.message).toContain(message);
    expect(waitsMs).toEqual([]);
  });

  it('is permanent with wrong credentials, and with another project', async () => {
    const wrongSecret = await failure(client({ customerSecret: 'wrong-secret' }).start(REQUEST));
    const wrongProject = await failure(client({ appId: 'another' }).start(REQUEST));
    expect(wrongSecret).toMatchObject({ status: 401, disposition: 'permanent' });
    expect(wrongProject).toMatchObject({ status: 403, disposition: 'permanent' });
  });

  it('is want of room when the project’s quota is used up', async () => {
    for (let n = 0; n < simulator.options.quota.medium; n += 1)
      await client().start({ ...REQUEST, name: `r${n}` });
    expect(await failure(client().start(REQUEST))).toMatchObject({ disposition: 'quota' });
  });

  it('asks for longer waits the longer the rate is too high', async () => {
    arrange('create', { kind: 'status', status: 429, message: 'slow down' }, 4);
    const agora = client();
    const waits = [];
    for (let n = 0; n < 4; n += 1) waits.push((await failure(agora.start(REQUEST))).retryAfterSeconds);
    expect(waits).toEqual([5, 10, 15, 15]);
  });
});

describe('when Agora is not well', () => {
  it.each([500, 501, 503])('tries again after a %i', async (status) => {
    arrange('create', { kind: 'status', status, message: 'sorry' }, 2);
    await client().start(REQUEST);
    expect(waitsMs).toEqual([1000, 3000]);
  });

  it('gives up after four tries, to be asked again later', async () => {
    arrange('get', { kind: 'status', status: 503, message: 'overloaded' }, 10);
    const error = await failure(client().get('eu', 'any'));
    expect(error).toMatchObject({ code: 'AgoraUnavailable', disposition: 'retry', status: 503 });
    expect(waitsMs).toEqual([1000, 3000, 6000]);
    expect(counted).toHaveLength(4);
  });

  it('goes to the other domain when the first cannot be reached', async () => {
    const converter = await client({ baseUrls: [NOBODY, simulator.baseUrl] }).start(REQUEST);
    expect(simulator.converters.find(converter.id)).toBeDefined();
    expect(counted).toEqual(['create network', 'create network', 'create 200']);
  });

  it('begins with the other domain after a caller has given the first one up, which did not answer', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const push = client({ baseUrls: [`http://127.0.0.1:${port}`, simulator.baseUrl] });
    const caller = new AbortController();
    const asked = once(silent, 'request');
    const given = push.start(REQUEST, caller.signal);
    await asked;
    caller.abort(new Error('no time left'));
    await expect(given).rejects.toThrow('no time left');
    await push.start(REQUEST);
    expect(counted).toEqual(['create 200']);
    silent.closeAllConnections();
    silent.close();
  });

  it('says so when nobody can be reached', async () => {
    const error = await failure(client({ baseUrls: [NOBODY] }).stop('eu', 'any'));
    expect(error).toMatchObject({ code: 'AgoraUnavailable', disposition: 'retry' });
    expect(error.message).toBe('Agora cannot be reached (delete, ECONNREFUSED)');
  });

  it('does not take a web page for an answer', async () => {
    arrange('create', { kind: 'garbage' });
    expect(await failure(client().start(REQUEST))).toMatchObject({
      code: 'AgoraBadResponse',
      disposition: 'retry',
    });
  });
});

describe('messages', () => {
  it('never hold the stream key or a credential, whatever Agora says', async () => {
    const { customerSecret } = simulator.options;
    arrange('create', {
      kind: 'status',
      status: 400,
      message: `bad url ${REQUEST.rtmpUrl} (key ${STREAM_KEY}, secret ${customerSecret})`,
    });
    const error = await failure(client().start(REQUEST));
    const everything = `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${String(error.cause)}`;
    expect(everything).toContain('bad url');
    expect(everything).not.toContain(STREAM_KEY);
    expect(everything).not.toContain(customerSecret);
  });
});

describe('looking and ending', () => {
  it('reads a converter in either of the documented shapes', async () => {
    const { id } = await client().start(REQUEST);
    const flat = await client().get('eu', id);
    simulator.options.getShape = 'nested';
    const nested = await client().get('eu', id);
    expect(flat).toEqual(nested);
    expect(flat).toMatchObject({ id, name: REQUEST.name, channel: 'standup', state: 'connecting' });
  });

  it('knows nothing of a converter that is not there', async () => {
    expect(await client().get('eu', 'gone')).toBeUndefined();
    expect(await client().findByName('gone')).toBeUndefined();
  });

  it('ends a converter, and counts one that is gone as ended', async () => {
    const { id } = await client().start(REQUEST);
    await client().stop('eu', id);
    await client().stop('eu', id);
    expect(simulator.converters.list()).toEqual([]);
    expect(counted).toEqual(['create 200', 'delete 200', 'delete 404']);
  });

  it('finds a converter on any page of the list, with or without its channel', async () => {
    await simulator[Symbol.asyncDispose]();
    await start({ pageSize: 2 });
    for (let n = 0; n < 5; n += 1) await client().start({ ...REQUEST, name: `r${n}`, channel: `c${n % 2}` });
    const names = [];
    for await (const converter of client().list()) names.push(converter.name);
    expect(names).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
    expect(await client().findByName('r4', 'c0')).toMatchObject({ name: 'r4', channel: 'c0' });
    expect(await client().findByName('r4', 'c1')).toBeUndefined();
  });

  it('refuses an update that is older than the last', async () => {
    const { id } = await client().start(REQUEST);
    await client().update('eu', id, { rtmpUrl: 'rtmp://127.0.0.1:1/live/next' }, 7);
    const error = await failure(client().update('eu', id, { rtmpUrl: 'rtmp://127.0.0.1:1/live/old' }, 7));
    expect(error.status).toBe(400);
    expect(simulator.converters.find(id)?.spec.rtmpUrl).toBe('rtmp://127.0.0.1:1/live/next');
  });
});
