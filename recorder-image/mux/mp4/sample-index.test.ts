import { describe, expect, it } from 'vitest';
import { Mp4Track } from './mp4-track.ts';
import { SampleIndex } from './sample-index.ts';

const track = new Mp4Track(1, { track: 'audio:0', codec: 'aac', record: Buffer.from([0x11, 0x90]) });
const sample = { dts: 0, offset: 0, size: 10, duration: 1024, isKeyFrame: true };
const fragment = { track, samples: [sample], data: Buffer.alloc(10) };

function boxNamed(boxes: readonly Buffer[], name: string): Buffer | undefined {
  const bytes = Buffer.concat(boxes);
  const at = bytes.indexOf(name, 0, 'latin1') - 4;
  return at < 0 ? undefined : bytes.subarray(at, at + bytes.readUInt32BE(at));
}

describe('where samples are', () => {
  it('is said in 32 bits as long as that is enough', () => {
    const index = new SampleIndex();
    for (const position of [100, 2 ** 32 - 1]) index.add(fragment, position);
    const boxes = index.finish();
    expect(boxNamed(boxes, 'co64')).toBeUndefined();
    expect(boxNamed(boxes, 'stco')?.subarray(12).toString('hex')).toBe('0000000200000064ffffffff');
  });

  it('is said in 64 bits in a file of more than 4 GiB', () => {
    const index = new SampleIndex();
    for (const position of [100, 2 ** 32 + 5]) index.add(fragment, position);
    const boxes = index.finish();
    expect(boxNamed(boxes, 'stco')).toBeUndefined();
    expect(boxNamed(boxes, 'co64')?.subarray(12).toString('hex')).toBe(
      '0000000200000000000000640000000100000005',
    );
  });
});

it('takes little memory for two hours of pictures and sound', () => {
  const before = process.memoryUsage().arrayBuffers;
  const index = new SampleIndex();
  const [samples, perFragment] = [550_000, 100];
  for (let first = 0; first < samples; first += perFragment) {
    const some = Array.from({ length: perFragment }, (_, position) => ({
      ...sample,
      dts: (first + position) * 1024 + ((first + position) % 3),
      offset: position % 3,
    }));
    index.add({ ...fragment, samples: some }, first);
  }
  // Sizes, and what changes from sample to sample: durations and offsets.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(12_000_000);
  expect(boxNamed(index.finish(), 'stsz')?.readUInt32BE(16)).toBe(samples);
});
