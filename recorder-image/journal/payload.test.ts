import { describe, expect, it } from 'vitest';
import { configIdentity, payloadKind } from './payload.ts';

describe('what a payload is', () => {
  it.each([
    { what: 'an AVC sequence header', track: 'video', bytes: [0x17, 0, 0, 0, 0, 1], kind: 'config' },
    { what: 'an AVC key frame', track: 'video', bytes: [0x17, 1, 0, 0, 0, 9], kind: 'media' },
    { what: 'an AVC inter frame', track: 'video', bytes: [0x27, 1, 0, 0, 0, 9], kind: 'media' },
    { what: 'the end of an AVC sequence', track: 'video', bytes: [0x17, 2, 0, 0, 0], kind: 'other' },
    { what: 'a seek command', track: 'video', bytes: [0x57, 0], kind: 'other' },
    {
      what: 'an HEVC sequence start (enhanced RTMP)',
      track: 'video',
      bytes: [0x90, 0x68, 0x76, 0x63, 0x31],
      kind: 'config',
    },
    {
      what: 'HEVC frames (enhanced RTMP)',
      track: 'video',
      bytes: [0xa1, 0x68, 0x76, 0x63, 0x31, 0, 0, 0],
      kind: 'media',
    },
    {
      what: 'HEVC frames without composition time',
      track: 'video',
      bytes: [0xa3, 0x68, 0x76, 0x63, 0x31],
      kind: 'media',
    },
    { what: 'HDR metadata', track: 'video', bytes: [0x94, 0x68, 0x76, 0x63, 0x31], kind: 'other' },
    { what: 'an AAC configuration', track: 'audio', bytes: [0xaf, 0, 0x12, 0x10], kind: 'config' },
    { what: 'an AAC frame', track: 'audio', bytes: [0xaf, 1, 0x21], kind: 'media' },
    { what: 'an MP3 frame', track: 'audio', bytes: [0x2f, 0xff, 0xfb], kind: 'media' },
    {
      what: 'an Opus sequence start (enhanced RTMP)',
      track: 'audio',
      bytes: [0x90, 0x4f, 0x70, 0x75, 0x73],
      kind: 'config',
    },
    {
      what: 'an Opus frame (enhanced RTMP)',
      track: 'audio',
      bytes: [0x91, 0x4f, 0x70, 0x75, 0x73, 1],
      kind: 'media',
    },
    { what: 'nothing', track: 'audio', bytes: [], kind: 'other' },
    { what: 'an AVC frame cut short', track: 'video', bytes: [0x17, 1, 0], kind: 'other' },
  ] as const)('knows $what', ({ track, bytes, kind }) => {
    expect(payloadKind(track, Buffer.from(bytes))).toBe(kind);
  });

  it('does not see another configuration in another composition time', () => {
    const one = configIdentity('video', Buffer.from([0x17, 0, 0, 0, 0, 1, 2]));
    expect(configIdentity('video', Buffer.from([0x17, 0, 0, 0, 9, 1, 2])).equals(one)).toBe(true);
    expect(configIdentity('video', Buffer.from([0x17, 0, 0, 0, 0, 1, 3])).equals(one)).toBe(false);
  });
});
