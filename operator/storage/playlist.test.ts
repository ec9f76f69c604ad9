import { describe, expect, it } from 'vitest';
import { ForeignSegmentError, keyBeside, readPlaylist, renamed } from './playlist.ts';

const text = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="rec-1/1-init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-23T10:00:00.000Z
#EXTINF:6.000000,
rec-1/1-00000.m4s
#EXTINF:2.500000,
rec-1/1-00001.m4s
#EXT-X-ENDLIST
`;

describe('a playlist', () => {
  it('tells what it names and how long it plays', () => {
    expect(readPlaylist(text)).toEqual({
      names: ['rec-1/1-init.mp4', 'rec-1/1-00000.m4s', 'rec-1/1-00001.m4s'],
      durationSeconds: 8.5,
    });
  });

  it('is the same with other names', () => {
    const urls = new Map(
      readPlaylist(text).names.map((name) => [name, `https://s3/${name}?X-Amz-Signature=$&1`]),
    );
    const made = renamed(text, urls);
    expect(readPlaylist(made).names).toEqual([...urls.values()]);
    expect(made.split('\n').filter((line) => line.startsWith('#EXT-X-TARGET'))).toHaveLength(1);
    expect(made).toContain('#EXT-X-MAP:URI="https://s3/rec-1/1-init.mp4?X-Amz-Signature=$&1"');
  });

  it('has its segments beside it', () => {
    expect(keyBeside('recordings/m/rec-1.m3u8', 'rec-1/1-00000.m4s')).toBe('recordings/m/rec-1/1-00000.m4s');
    expect(keyBeside('recordings/m/rec 1.m3u8', 'rec%201/a.m4s')).toBe('recordings/m/rec 1/a.m4s');
  });

  it.each([
    '../other/rec-2.mp4',
    '%2e%2e/x',
    '/etc/passwd',
    'https://elsewhere/x',
    'a//b',
    'a/../b',
    '%',
    'a?b',
  ])('can not have %s signed', (name) => {
    expect(() => keyBeside('recordings/m/rec-1.m3u8', name)).toThrow(ForeignSegmentError);
  });
});
