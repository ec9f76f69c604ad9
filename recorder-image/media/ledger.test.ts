import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { TrackLedger } from './track-ledger.ts';
import type { Packet } from './track.ts';

const packet = (dtsMs: number, text: string, more: Partial<Packet> = {}): Packet => ({
  track: 'video:0',
  codec: 'avc',
  dtsMs,
  ptsMs: dtsMs,
  isKeyFrame: true,
  payload: Buffer.from(text),
  ...more,
});

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

function times(...pairs: readonly (readonly [ptsMs: number, dtsMs: number])[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 16);
  for (const [index, [pts, dts]] of pairs.entries()) {
    bytes.writeBigInt64BE(BigInt(pts), index * 16);
    bytes.writeBigInt64BE(BigInt(dts), index * 16 + 8);
  }
  return bytes;
}

describe('a ledger', () => {
  it('has what anybody can compute from the packets of a track', () => {
    const ledger = new Ledger();
    ledger.addAll([
      packet(1500, 'a', { ptsMs: 1400 }),
      packet(1900, 'bc', { ptsMs: 2 ** 33 }),
      packet(4000, 'd', { ptsMs: -5 }),
    ]);
    const [track] = ledger.tracks;
    expect(track).toMatchObject({
      ...{ track: 'video:0', codec: 'avc', packets: 3, bytes: 4, firstMs: 1500, lastMs: 4000 },
      sha256: sha256('abcd'),
      timesSha256: sha256(times([1400, 1500], [2 ** 33, 1900], [-5, 4000])),
    });
    const seconds = Buffer.alloc(16);
    seconds.writeInt32BE(crc32('abc') ^ crc32(times([1400, 1500], [2 ** 33, 1900])), 0);
    seconds.writeInt32BE(crc32('d') ^ crc32(times([-5, 4000])), 12);
    expect(track?.seconds).toEqual(seconds);
    expect(ledger.earliestMs).toBe(-5);
    expect(ledger.firstOf('video:0')).toEqual({ codec: 'avc', dtsMs: 1500 });
  });

  it('lists tracks by kind and number', () => {
    const ledger = new Ledger();
    for (const track of ['video:0', 'audio:10', 'audio:2'] as const) ledger.add(packet(0, 'x', { track }));
    expect(ledger.tracks.map(({ track }) => track)).toEqual(['audio:2', 'audio:10', 'video:0']);
  });

  it('goes on after it was asked', () => {
    const [asked, other] = [new Ledger(), new Ledger()];
    for (let index = 0; index < 500; index += 1) {
      asked.add(packet(index * 7, String(index)));
      other.add(packet(index * 7, String(index)));
      if (index % 90 === 0) expect(asked.tracks).toHaveLength(1);
    }
    expect(asked.tracks).toEqual(other.tracks);
  });

  it('is the same where payloads come in pieces behind the times', () => {
    const [whole, pieces] = [new TrackLedger(), new TrackLedger()];
    whole.add(10, 20, Buffer.from('ab'));
    whole.add(30, 40, Buffer.from('cde'));
    const seconds = [pieces.addTimes(10, 20), pieces.addTimes(30, 40)];
    expect(seconds).toEqual([0, 0]);
    for (const piece of ['a', 'bcd', 'e']) pieces.addContent(0, Buffer.from(piece));
    expect(pieces.figures()).toEqual(whole.figures());
  });

  it('takes times that no recording has without growing for them', () => {
    const ledger = new TrackLedger();
    for (const ms of [0, 2 ** 52, -(2 ** 52)]) ledger.add(ms, ms, Buffer.from('x'));
    expect(ledger.figures().seconds.length).toBeLessThan(4_000_000);
  });
});
