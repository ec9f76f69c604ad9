import { describe, expect, it } from 'vitest';
import { isUnfinished, mp4Duration } from './container.ts';

function box(type: string, content: Buffer = Buffer.alloc(8)): Buffer {
  const bytes = Buffer.alloc(8 + content.length);
  bytes.writeUInt32BE(bytes.length);
  bytes.write(type, 4, 'latin1');
  content.copy(bytes, 8);
  return bytes;
}

describe('a file that breaks off', () => {
  it('is a fragmented MP4, and not one that has become an ordinary one', () => {
    const fragmented = Buffer.concat([box('ftyp'), box('free'), box('moov', box('mvex')), box('moof')]);
    expect(isUnfinished(fragmented)).toBe(true);
    expect(isUnfinished(Buffer.concat([box('ftyp'), box('free'), box('mdat'), box('moov')]))).toBe(false);
    expect(isUnfinished(Buffer.concat([box('ftyp'), box('moov', box('trak')), box('mdat')]))).toBe(false);
  });

  it('is a WebM whose segment has no size yet', () => {
    const header = Buffer.from('1a45dfa3', 'hex');
    const segment = (size: string): Buffer => Buffer.concat([header, Buffer.from(`18538067${size}`, 'hex')]);
    expect(isUnfinished(segment('01ffffffffffffff'))).toBe(true);
    expect(isUnfinished(segment('0100000000001234'))).toBe(false);
  });

  it('says how long it is once it has an index in front', () => {
    const mvhd = Buffer.alloc(100);
    mvhd.writeUInt32BE(1000, 12);
    mvhd.writeUInt32BE(12_500, 16);
    expect(mp4Duration(Buffer.concat([box('ftyp'), box('moov', box('mvhd', mvhd))]))).toBe(12.5);
    expect(mp4Duration(box('ftyp'))).toBeUndefined();
  });
});
