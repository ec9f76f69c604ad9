import { describe, expect, it } from 'vitest';
import { readSegmentList, renderPlaylist } from './event-playlist.ts';
import type { PlaylistTake } from './event-playlist.ts';

const startsAt = Date.parse('2026-01-02T03:04:05Z');
const segment = (name: string, durationSeconds = 6): PlaylistTake['segments'][number] => ({
  name,
  durationSeconds,
  size: 1,
  crc32: '',
});
const take = (change: Partial<PlaylistTake>): PlaylistTake => ({
  startsAt,
  init: '1-init.mp4',
  segments: [segment('1-00000.m4s'), segment('1-00001.m4s', 5.5)],
  complete: false,
  ...change,
});

describe('a playlist', () => {
  it('says of each segment when it was recorded', () => {
    expect(renderPlaylist({ takes: [take({})], folder: 'rec', ended: false })).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-TARGETDURATION:6',
        '#EXT-X-MEDIA-SEQUENCE:0',
        '#EXT-X-PLAYLIST-TYPE:EVENT',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-MAP:URI="rec/1-init.mp4"',
        '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z',
        '#EXTINF:6.000000,',
        'rec/1-00000.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:11.000Z',
        '#EXTINF:5.500000,',
        'rec/1-00001.m4s',
        '',
      ].join('\n'),
    );
  });

  it('lists nothing of a take before the one in front of it is complete', () => {
    const second = take({ init: '2-init.mp4', segments: [segment('2-00000.m4s')] });
    const early = renderPlaylist({ takes: [take({}), second], folder: 'rec', ended: false });
    expect(early).not.toContain('2-init.mp4');
    const late = renderPlaylist({ takes: [take({ complete: true }), second], folder: 'rec', ended: true });
    expect(late.startsWith(early)).toBe(true);
    expect(late).toContain('#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="rec/2-init.mp4"');
    expect(late.endsWith('#EXT-X-ENDLIST\n')).toBe(true);
  });

  it('promises no shorter segments than there are', () => {
    const long = take({ segments: [segment('1-00000.m4s', 9.6)] });
    const playlist = renderPlaylist({ takes: [long], folder: 'rec', ended: false });
    expect(playlist).toContain('#EXT-X-TARGETDURATION:10');
  });

  it('is read back with the duration of each segment', () => {
    expect(readSegmentList('#EXTM3U\n#EXTINF:6.006000,\na.m4s\n#EXTINF:2,\nb.m4s\n#EXT-X-ENDLIST\n')).toEqual(
      [
        { file: 'a.m4s', durationSeconds: 6.006 },
        { file: 'b.m4s', durationSeconds: 2 },
      ],
    );
  });
});
