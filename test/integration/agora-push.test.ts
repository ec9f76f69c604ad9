import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { arrange, type Tile } from '../../operator/agora/layout.ts';
import { AgoraMediaPush, type PushRequest } from '../../operator/agora/media-push.ts';
import { packetsOf, pictureAt, pixelsOf, toneAt } from '../agora-simulator/media-probe.ts';
import { type AgoraSimulator, startAgoraSimulator } from '../agora-simulator/start.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { freePort } from '../support/free-port.ts';
import { tempDirectory, type TempDirectory } from '../support/temp-directory.ts';

const KEY = 'a-stream-key-0123456789abcdef';
const PATIENCE = { timeout: 30_000, interval: 100 };

/** An FFmpeg that takes one RTMP connection, writes what comes to a file, and ends with the connection. */
interface Receiver {
  port: number;
  file: string;
  ended: Promise<unknown>;
}

let folder: TempDirectory;
let simulator: AgoraSimulator;
let children: ChildProcess[];
let servers: Server[];

beforeEach(async () => {
  folder = await tempDirectory('agora-push');
  children = [];
  servers = [];
  const ffmpeg = await debianFfmpegPath();
  simulator = await startAgoraSimulator({ ffmpeg, pushRetrySeconds: 0.2, pushFailSeconds: 30 });
});

afterEach(async () => {
  await simulator[Symbol.asyncDispose]();
  for (const server of servers) server.close();
  for (const child of children) child.kill('SIGKILL');
  await folder[Symbol.asyncDispose]();
});

async function receive(name: string): Promise<Receiver> {
  const port = await freePort();
  const file = join(folder.path, `${name}.flv`);
  const source = ['-listen', '1', '-i', `rtmp://127.0.0.1:${port}/live/${KEY}`];
  const child = spawn('ffmpeg', ['-loglevel', 'fatal', ...source, '-map', '0', '-c', 'copy', '-y', file], {
    stdio: 'ignore',
  });
  children.push(child);
  return { port, file, ended: once(child, 'close') };
}

/** Passes each connection on to the next of these ports, and keeps where it came from. */
async function relayTo(ports: number[]): Promise<{ port: number; sources: string[] }> {
  const sources: string[] = [];
  const server = createServer((incoming) => {
    const port = ports[Math.min(sources.length, ports.length - 1)] ?? 0;
    const outgoing = connect(port, '127.0.0.1');
    // Nobody listens yet: the next connection of the push finds somebody.
    outgoing.once('error', () => incoming.destroy());
    incoming.once('error', () => outgoing.destroy());
    outgoing.once('connect', () => sources.push(incoming.remoteAddress ?? ''));
    incoming.pipe(outgoing).pipe(incoming);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, sources };
}

function client(): AgoraMediaPush {
  const { appId, customerId, customerSecret } = simulator.options;
  const logger = pino({ level: 'silent' });
  return new AgoraMediaPush({ baseUrls: [simulator.baseUrl], appId, customerId, customerSecret, logger });
}

function request(port: number): PushRequest {
  const rtmpUrl = `rtmp://127.0.0.1:${port}/live/${KEY}`;
  return {
    name: 'meeting',
    channel: 'standup',
    region: 'eu',
    rtmpUrl,
    width: 320,
    height: 180,
    fps: 15,
    bitrateKbps: 300,
  };
}

async function attempts() {
  return simulator.archive.reports('meeting');
}

async function untilFrames(frames: number, attemptIndex = 0): Promise<void> {
  await expect
    .poll(async () => (await attempts()).filter((it) => it.published)[attemptIndex]?.frames ?? 0, PATIENCE)
    .toBeGreaterThanOrEqual(frames);
}

async function download(attempt?: number): Promise<string> {
  const query = attempt === undefined ? '' : `?attempt=${attempt}`;
  const response = await fetch(`${simulator.baseUrl}/control/pushes/meeting/published.flv${query}`);
  expect(response.status).toBe(200);
  const file = join(folder.path, `published-${attempt ?? 'last'}.flv`);
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  return file;
}

describe('a pushed meeting', () => {
  it('arrives packet for packet as it was kept, to the last one', async () => {
    const receiver = await receive('received');
    const agora = client();
    const { id } = await agora.start(request(receiver.port));
    await untilFrames(45);
    expect(await agora.get('eu', id)).toMatchObject({ state: 'running' });
    await agora.stop('eu', id);
    await receiver.ended;

    const published = await packetsOf(await download());
    expect(published.length).toBeGreaterThan(45);
    expect(await packetsOf(receiver.file)).toEqual(published);
    expect((await attempts()).at(-1)).toMatchObject({ end: 'graceful' });
  });

  it('shows and sounds who is there, also those who came late, and no longer those who left', async () => {
    const receiver = await receive('received');
    const agora = client();
    const { id } = await agora.start({ ...request(receiver.port), width: 640, height: 360 });
    await untilFrames(10);
    simulator.channels.join('standup', 3, 'Linus');
    simulator.channels.leave('standup', 1);
    const changedAt = (await attempts()).at(-1)?.frames ?? 0;
    await untilFrames(changedAt + 60);
    await agora.stop('eu', id);
    await receiver.ended;

    const picture = await pictureAt(receiver.file, -0.5);
    const plate = (hex: string) => pixelsOf(picture, hex);
    expect(plate('a03030')).toBe(0);
    expect(plate('3060a0')).toBeGreaterThan(500);
    expect(plate('308030')).toBeGreaterThan(500);
    expect(await toneAt(receiver.file, 440, -0.7)).toBeLessThan(0.005);
    expect(await toneAt(receiver.file, 650, -0.7)).toBeGreaterThan(0.01);
    expect(await toneAt(receiver.file, 890, -0.7)).toBeGreaterThan(0.01);
  });

  it('follows the layout that it is given, also a new one', async () => {
    const receiver = await receive('received');
    const agora = client();
    const layout = arrange('grid', [1, 2], { width: 640, height: 360 });
    const { id } = await agora.start({ ...request(receiver.port), width: 640, height: 360, layout });
    await untilFrames(30);
    const speaker = arrange('speaker', [2, 1], { width: 640, height: 360 });
    await agora.update('eu', id, { layout: speaker }, 1);
    await expect(agora.update('eu', id, { layout }, 1)).rejects.toThrow(/sequence must grow/);
    const changedAt = (await attempts()).at(-1)?.frames ?? 0;
    await untilFrames(changedAt + 45);
    await agora.stop('eu', id);
    await receiver.ended;

    const seen = async (at: number, tiles: readonly Tile[]) => {
      const picture = await pictureAt(receiver.file, at);
      return tiles.map((tile) => ['a03030', '3060a0'].map((plate) => pixelsOf(picture, plate, tile) > 200));
    };
    expect(await seen(1, layout)).toEqual([
      [true, false],
      [false, true],
    ]);
    // Grace is large, Ada below.
    expect(await seen(-0.5, speaker)).toEqual([
      [false, true],
      [true, false],
    ]);
  });

  it('is the sound alone when that was asked for', async () => {
    const receiver = await receive('received');
    const agora = client();
    const { id } = await agora.start({ ...request(receiver.port), audioOnly: true });
    await untilFrames(70);
    await agora.stop('eu', id);
    await receiver.ended;
    const packets = await packetsOf(receiver.file);
    expect(new Set(packets.map((packet) => packet.split(',')[0]))).toEqual(new Set(['0']));
    expect(packets).toEqual(await packetsOf(await download()));
    expect(await toneAt(receiver.file, 440, -0.7)).toBeGreaterThan(0.01);
    await expect(pictureAt(receiver.file, 0)).rejects.toThrow(/no picture|Command failed/);
  });

  it("is one host's stream as it is when that was asked for", async () => {
    const receiver = await receive('received');
    const agora = client();
    const { id } = await agora.start({ ...request(receiver.port), rawStreamUid: 2 });
    await untilFrames(30);
    expect(await agora.get('eu', id)).toMatchObject({ state: 'running', channel: 'standup' });
    await agora.stop('eu', id);
    await receiver.ended;
    const picture = await pictureAt(receiver.file, 1);
    expect([picture.width, picture.height]).toEqual([640, 360]);
    expect(pixelsOf(picture, 'a03030')).toBe(0);
    expect(pixelsOf(picture, '3060a0')).toBeGreaterThan(500);
    expect(await toneAt(receiver.file, 440, 1)).toBeLessThan(0.005);
    expect(await toneAt(receiver.file, 650, 1)).toBeGreaterThan(0.01);
  });

  it('comes again after its connection was dropped, with nothing received that was not kept', async () => {
    const first = await receive('first');
    const second = await receive('second');
    const relay = await relayTo([first.port, second.port]);
    simulator.faults.replace([
      { match: { operation: 'push' }, fault: { kind: 'drop', afterSeconds: 1, reconnectSeconds: 0 } },
    ]);
    const agora = client();
    const { id } = await agora.start(request(relay.port));
    await untilFrames(15, 1);
    await agora.stop('eu', id);
    await Promise.all([first.ended, second.ended]);

    const kept = (await attempts()).filter((it) => it.published);
    expect(kept.map((it) => it.end)).toEqual(['reset', 'graceful']);
    const [dropped, whole] = await Promise.all(kept.map(async (it) => packetsOf(await download(it.attempt))));
    const early = await packetsOf(first.file);
    expect(early.length).toBeGreaterThan(0);
    expect(dropped?.slice(0, early.length)).toEqual(early);
    expect(await packetsOf(second.file)).toEqual(whole);
  });

  it('comes from another address after a fail-over, and is unknown to Get in between', async () => {
    const first = await receive('first');
    const second = await receive('second');
    const relay = await relayTo([first.port, second.port]);
    const agora = client();
    const { id } = await agora.start(request(relay.port));
    await untilFrames(5);
    await fetch(`${simulator.baseUrl}/control/pushes/meeting/faults`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind: 'fail-over', seconds: 1 }),
    });
    expect(await agora.get('eu', id)).toBeUndefined();
    await untilFrames(5, 1);
    expect(await agora.get('eu', id)).toMatchObject({ state: 'running' });
    expect(relay.sources).toEqual(['127.0.0.1', '127.0.0.2']);
    await agora.stop('eu', id);
  });

  it('loses nothing by a stall', async () => {
    simulator.faults.replace([
      { match: { operation: 'push' }, fault: { kind: 'stall', afterSeconds: 0.5, seconds: 1 } },
    ]);
    const receiver = await receive('received');
    const agora = client();
    const { id } = await agora.start(request(receiver.port));
    await untilFrames(30);
    await agora.stop('eu', id);
    await receiver.ended;
    expect(await packetsOf(receiver.file)).toEqual(await packetsOf(await download()));
  });

  it('goes to the new address when that is updated', async () => {
    const old = await receive('old');
    const next = await receive('next');
    const agora = client();
    const { id } = await agora.start(request(old.port));
    await untilFrames(5);
    await agora.start(request(next.port));
    await old.ended;
    await untilFrames(5, 1);
    await agora.stop('eu', id);
    await next.ended;
    expect(await packetsOf(next.file)).toEqual(await packetsOf(await download()));
  });
});

describe('a simulator that ends', () => {
  it('leaves no FFmpeg behind, and ends its streams in order', async () => {
    const receiver = await receive('received');
    await client().start(request(receiver.port));
    await untilFrames(5);
    const pid = (await attempts()).at(-1)?.pid ?? 0;
    expect(() => process.kill(pid, 0)).not.toThrow();
    await simulator[Symbol.asyncDispose]();
    await receiver.ended;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
