import { beforeAll, describe, expect, it } from 'vitest';
import type { Packet, TrackConfig } from '../../recorder-image/media/track.ts';
import { AudioEncoder } from '../../recorder-image/mux/audio-encoder.ts';
import { FfmpegError, startFfmpeg } from '../../recorder-image/mux/ffmpeg.ts';
import { ffmpegPath } from '../support/ffmpeg.ts';

/** A-law at 8 kHz, mono: 160 bytes are 20 ms. */
const ALAW: TrackConfig = { track: 'audio:0', codec: 'pcma', record: Buffer.from([0x72]) };
const PACKET_MS = 20;

let ffmpeg = '';
beforeAll(async () => {
  ffmpeg = await ffmpegPath();
}, 600_000);

function encoder(
  options: { config?: TrackConfig; startFfmpeg?: typeof startFfmpeg; stuckAfterMs?: number } = {},
): AudioEncoder {
  return new AudioEncoder({
    config: options.config ?? ALAW,
    ffmpegPath: ffmpeg,
    startFfmpeg: options.startFfmpeg ?? startFfmpeg,
    live: true,
    stuckAfterMs: options.stuckAfterMs,
    onLog: () => undefined,
  });
}

function packetAt(dtsMs: number, { track, codec }: TrackConfig = ALAW): Packet {
  const payload = Buffer.alloc(160, 0xd5);
  return { track, codec, dtsMs, ptsMs: dtsMs, isKeyFrame: true, payload };
}

async function encodeAll(times: Iterable<number>, cutMs = Infinity): Promise<Packet[]> {
  const audio = encoder();
  const packets: Packet[] = [];
  let cut = cutMs;
  for (const time of times) {
    for (; time >= cut; cut += cutMs) {
      await audio.passTo(cut);
      packets.push(...(await audio.take(cut)));
    }
    await audio.encode(packetAt(time));
  }
  await audio.end();
  packets.push(...(await audio.take(Infinity)));
  return packets;
}

function* every(stepMs: number, fromMs: number, toMs: number): Generator<number> {
  for (let ms = fromMs; ms < toMs; ms += stepMs) yield ms;
}

const told = (packets: readonly Packet[]): string[] =>
  packets.map(({ dtsMs, payload }) => `${dtsMs} ${payload.toString('hex')}`);

describe('audio that is encoded to AAC', () => {
  it('begins at its first time and lasts as long, a frame each 1024 samples', async () => {
    const packets = await encodeAll(every(PACKET_MS, 4321, 14_321));
    expect(packets[0]).toMatchObject({ track: 'audio:0', codec: 'aac', dtsMs: 4321, ptsMs: 4321 });
    for (const [index, { dtsMs }] of packets.entries()) {
      expect(Math.abs(dtsMs - (4321 + (index * 1024) / 48))).toBeLessThanOrEqual(1);
    }
    const endMs = (packets.at(-1)?.dtsMs ?? 0) + 1024 / 48;
    expect(endMs).toBeGreaterThanOrEqual(14_320);
    expect(endMs).toBeLessThan(14_321 + 2 * 22);
  });

  it('is the same whenever it is taken', async () => {
    const whole = told(await encodeAll(every(PACKET_MS, 0, 10_000)));
    expect(told(await encodeAll(every(PACKET_MS, 0, 10_000), 700))).toEqual(whole);
    expect(whole.length).toBeGreaterThan(460);
  });

  it('can be taken up to a second before what has gone in, without anything more', async () => {
    const audio = encoder();
    const packets: Packet[] = [];
    for (const time of every(PACKET_MS, 0, 20_000)) {
      await audio.encode(packetAt(time));
      packets.push(...(await audio.take(time)));
    }
    expect(packets.at(-1)?.dtsMs).toBeGreaterThan(19_980 - 2 * 500 - 22);
    audio.close();
  });

  it('keeps a long gap, fills a short one, and is at its time after both', async () => {
    const times = [
      ...every(PACKET_MS, 0, 3000),
      ...every(PACKET_MS, 4500, 6000),
      ...every(PACKET_MS, 3_606_000, 3_609_000),
    ];
    const packets = await encodeAll(times, 1000);
    const steps = packets.map(({ dtsMs }, index) => dtsMs - (packets[index - 1]?.dtsMs ?? dtsMs - 21));
    expect(steps.filter((step) => step > 22)).toHaveLength(1);
    const jump = steps.findIndex((step) => step > 22);
    expect(packets[jump]?.dtsMs).toBe(3_606_000);
    expect(packets[jump - 1]?.dtsMs).toBeGreaterThan(6000 - 43);
    expect(packets[jump - 1]?.dtsMs).toBeLessThan(6000 + 22);
  });

  it('waits for a track that lags behind the others, and not for one that has ended', async () => {
    const audio = encoder();
    await audio.encode(packetAt(0));
    for (const time of every(PACKET_MS, 20, 4000)) {
      await audio.passTo(time + 10_000);
      await audio.encode(packetAt(time));
    }
    const packets = [...(await audio.take(4000))];
    expect(packets.at(-1)?.dtsMs).toBeLessThan(3980);
    await audio.passTo(16_000);
    packets.push(...(await audio.take(16_000)));
    // One stretch, and all of it is there.
    const steps = packets.slice(1).map(({ dtsMs }, index) => dtsMs - (packets[index]?.dtsMs ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(22);
    expect(packets.at(-1)?.dtsMs).toBeGreaterThan(4000 - 43);
  });

  it('stays at its time for hours', async () => {
    // A clock that is slow by so much that it would be seconds behind in the end: 20.1 ms for 20 ms of sound.
    const times = Array.from({ length: 60_000 }, (_, index) => Math.floor(index * 20.1));
    const packets = await encodeAll(times, 60_000);
    const end = times.at(-1) ?? 0;
    expect(Math.abs((packets.at(-1)?.dtsMs ?? 0) - end)).toBeLessThan(150);
  });

  it('fails when FFmpeg does, and does not wait for one that hangs', async () => {
    const dies = encoder({
      startFfmpeg: (options) => startFfmpeg({ ...options, inputOptions: ['-no_such_option'] }),
    });
    await expect(
      (async () => {
        for (const time of every(PACKET_MS, 0, 600_000)) await dies.encode(packetAt(time));
        await dies.end();
      })(),
    ).rejects.toThrow(/FFmpeg|ffmpeg/);

    const hangs = encoder({
      stuckAfterMs: 120,
      startFfmpeg: ({ output }) => {
        const killed = Promise.withResolvers<void>();
        const kill = (): void => {
          const error = new FfmpegError('killed');
          if (typeof output !== 'string') output.destroy(error);
          killed.reject(error);
        };
        return { started: Promise.resolve(), done: killed.promise, kill };
      },
    });
    await hangs.encode(packetAt(0));
    await expect(hangs.end()).rejects.toThrow('killed');
  });
});
