import { describe, expect, it } from 'vitest';
import { codedFrame } from './coded-frame.ts';

const AUDIO = 8;
const VIDEO = 9;
const frame = [1, 2, 3, 4];

function tag(...parts: readonly (string | readonly number[])[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
}

describe('the coded frame of a tag', () => {
  it.each([
    ['AAC', AUDIO, tag([0xaf, 1], frame)],
    ['G.711', AUDIO, tag([0x72], frame)],
    ['H.264', VIDEO, tag([0x17, 1, 0, 0, 40], frame)],
    ['Opus by FourCC', AUDIO, tag([0x91], 'Opus', frame)],
    ['HEVC by FourCC, with its composition time', VIDEO, tag([0x91], 'hvc1', [0, 0, 40], frame)],
    ['HEVC by FourCC, without one', VIDEO, tag([0xa3], 'hvc1', frame)],
    ['AV1, which never has one', VIDEO, tag([0x91], 'av01', frame)],
  ])('of %s is what is left of it', (_, type, payload) => {
    expect(codedFrame(type, payload)).toEqual(Buffer.from(frame));
  });

  it.each([
    ['AAC', AUDIO, tag([0xaf, 0], frame)],
    ['H.264', VIDEO, tag([0x17, 0, 0, 0, 0], frame)],
    ['Opus by FourCC', AUDIO, tag([0x90], 'Opus', frame)],
    ['HEVC by FourCC', VIDEO, tag([0x90], 'hvc1', frame)],
  ])('is not what describes %s', (_, type, payload) => {
    expect(codedFrame(type, payload)).toBeUndefined();
  });
});
