import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FileScan } from './file-scan.ts';
import { prove } from './proof.ts';
import type { Proof } from './proof.ts';
import { readerOf } from './readers.ts';
import { Scanner } from './scanner.ts';
import { madeFile } from './testing/made-file.ts';
import type { MadeFile } from './testing/made-file.ts';

function scan({ expectation }: MadeFile, bytes: Buffer, pieceBytes = 4096): FileScan {
  const scanner = new Scanner(readerOf('mp4', expectation.offsetOf()));
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.write(bytes.subarray(at, at + pieceBytes));
  return scanner.end();
}

function proofOf(file: MadeFile, bytes = file.bytes): Proof {
  return prove(scan(file, bytes), file.expectation.tracks(), undefined);
}

/** Where the boxes of this type begin, in order. */
function boxesOf(bytes: Buffer, type: string): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(type); at >= 0; at = bytes.indexOf(type, at + 1)) found.push(at - 4);
  return found;
}

function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

describe('an MP4 that is read as it passes', () => {
  it.each([1, 7, 1000, 1_000_000])('is the same in pieces of %i bytes', async (pieceBytes) => {
    const file = await madeFile({ seconds: 3 });
    const found = scan(file, file.bytes, pieceBytes);
    expect(found).toMatchObject({ damage: [], crc32: crc32(file.bytes), sizeBytes: file.bytes.length });
    expect(prove(found, file.expectation.tracks(), undefined).differences).toEqual([]);
  });

  it.each([
    ['begins late on the timeline', { startMs: 65_432 }],
    ['has pictures that are shown before they are decoded', { earlierMs: 150 }],
    ['has sound alone', { tracks: ['audio:0' as const] }],
    ['has pictures alone', { tracks: ['video:0' as const] }],
  ])('is proven where it %s', async (_, options) => {
    const file = await madeFile({ seconds: 12, ...options });
    expect(proofOf(file)).toMatchObject({ differences: [] });
  });

  it('is proven while it grows, when its first bytes come once more at the end', async () => {
    const file = await madeFile({ seconds: 6 });
    const [start = 0] = boxesOf(file.bytes, 'mdat');
    // As they are before the end: room, and then the header of the fragments.
    const [firstFragment = 0] = boxesOf(file.bytes, 'moof');
    const growing = changed(file.bytes, (copy) => {
      copy.writeUInt32BE(8, start);
      copy.write('free', start + 4);
      copy.writeUInt32BE(firstFragment - start - 8, start + 8);
      copy.write('moov', start + 12);
    });
    const scanner = new Scanner(readerOf('mp4', file.expectation.offsetOf()));
    scanner.write(growing);
    scanner.writeFinalHead(file.bytes.subarray(0, 100), 0);
    scanner.writeFinalHead(file.bytes.subarray(100, 5000), 100);
    const found = scanner.end();
    expect(found).toMatchObject({ damage: [], crc32: crc32(file.bytes) });
    expect(prove(found, file.expectation.tracks(), crc32(file.bytes)).differences).toEqual([]);

    const unfinished = new Scanner(readerOf('mp4', file.expectation.offsetOf()));
    unfinished.write(growing);
    expect(unfinished.end().damage).toEqual(['it has two indexes']);
  });
});

describe('an MP4 that is not what it should be', () => {
  it('is told by the second in which a payload differs', async () => {
    const file = await madeFile({ seconds: 10 });
    const packet = file.packets.find(({ track, dtsMs }) => track === 'audio:0' && dtsMs > 7000);
    const at = file.bytes.indexOf(packet?.payload ?? '');
    const flipped = changed(file.bytes, (copy) => {
      copy[at] = (copy[at] ?? 0) ^ 1;
    });
    expect(proofOf(file, flipped)).toMatchObject({
      differences: ['audio:0: other payloads, from second 7 on'],
      differentSeconds: [7],
    });
  });

  it('is told by the time that differs, though no payload does', async () => {
    const file = await madeFile({ seconds: 10 });
    const times = boxesOf(file.bytes, 'tfdt');
    const late = changed(file.bytes, (copy) => {
      // The pictures of the last fragment but one, 20 ms late.
      const at = (times.at(-4) ?? 0) + 12;
      copy.writeBigUInt64BE(copy.readBigUInt64BE(at) + 1800n, at);
    });
    const { differences } = proofOf(file, late);
    expect(differences[0]).toMatch(/^video:0: other times, from second [0-9]+ on$/);
  });

  it('is told by what is missing where it breaks off', async () => {
    const file = await madeFile({ seconds: 10 });
    const [, , third = 0] = boxesOf(file.bytes, 'moof');
    const { differences } = proofOf(file, file.bytes.subarray(0, third + 1000));
    expect(differences.join()).toMatch(/video:0: .* packets of .*, from second 2 on/);
    expect(differences.join()).toMatch(/audio:0: .* packets of .*, from second 2 on/);
  });

  it('is told where two fragments have changed places', async () => {
    const file = await madeFile({ seconds: 10 });
    const [, second = 0, third = 0, fourth = 0] = boxesOf(file.bytes, 'moof');
    const parts = [
      file.bytes.subarray(0, second),
      file.bytes.subarray(third, fourth),
      file.bytes.subarray(second, third),
      file.bytes.subarray(fourth),
    ];
    const { differences } = proofOf(file, Buffer.concat(parts));
    expect(differences[0]).toContain('from second 1 on');
  });

  it('lacks a track that was accepted, or has one that was not', async () => {
    const both = await madeFile({ seconds: 2 });
    const sound = await madeFile({ seconds: 2, tracks: ['audio:0'] });
    expect(prove(scan(sound, sound.bytes), both.expectation.tracks(), undefined).differences).toEqual([
      'video:0: all 50 packets are missing, from second 0 on',
    ]);
    expect(prove(scan(both, both.bytes), sound.expectation.tracks(), undefined).differences).toEqual([
      'video:0: the file has another track of video',
    ]);
  });

  it.each(['stts', 'ctts', 'stss', 'stsz', 'stsc', 'stco', 'elst', 'mdhd', 'stsd'])(
    'is told by its index, though its fragments are fine: %s',
    async (type) => {
      const file = await madeFile({ seconds: 5, earlierMs: 150 });
      const [header = 0] = boxesOf(file.bytes, 'moov').slice(-1);
      const at = boxesOf(file.bytes, type).find((start) => start > header) ?? 0;
      const size = file.bytes.readUInt32BE(at);
      const broken = changed(file.bytes, (copy) => {
        const last = type === 'elst' ? at + size - 6 : type === 'mdhd' ? at + size - 5 : at + size - 1;
        copy[last] = (copy[last] ?? 0) ^ 1;
      });
      const { differences } = proofOf(file, broken);
      expect(differences).toHaveLength(1);
      expect(differences[0]).toMatch(/^the index has another .* of track 1$/);
    },
  );

  it('is told by media data that ends elsewhere than where the index begins', async () => {
    const file = await madeFile({ seconds: 2 });
    const [start = 0] = boxesOf(file.bytes, 'mdat');
    const broken = changed(file.bytes, (copy) =>
      copy.writeBigUInt64BE(copy.readBigUInt64BE(start + 8) + 8n, start + 8),
    );
    expect(proofOf(file, broken).differences.length).toBeGreaterThan(0);
  });

  it('is told by a checksum of what was sent that is another one', async () => {
    const file = await madeFile({ seconds: 2 });
    const proof = prove(scan(file, file.bytes), file.expectation.tracks(), crc32(file.bytes) ^ 1);
    expect(proof.differences).toEqual(['other bytes were sent than were read']);
  });

  it.each([0, 100])('never throws, whatever its bytes are: after %i good ones', async (good) => {
    const file = await madeFile({ seconds: 1 });
    for (let seed = 0; seed < 200; seed += 1) {
      const bytes = Buffer.concat([file.bytes.subarray(0, good), randomBytes(seed)]);
      expect(proofOf(file, bytes).differences.length).toBeGreaterThan(0);
    }
  });
});

function randomBytes(seed: number): Buffer {
  let state = seed + 1;
  return Buffer.from(Array.from({ length: 300 }, () => (state = (state * 48_271) % 2_147_483_647) & 0xff));
}
