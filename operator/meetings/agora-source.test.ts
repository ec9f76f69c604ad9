import { describe, expect, it } from 'vitest';
import { sourceOf } from './agora-source.ts';
import type { AgoraOptions } from './agora-source.ts';
import type { MeetingDocument } from './meeting.ts';

const channel = { channel: 'standup', region: 'eu' } as const;
const meeting = (more: Partial<MeetingDocument> = {}): MeetingDocument =>
  ({ _id: 'm-1', source: { kind: 'agora', ...channel }, ...more }) as MeetingDocument;

describe("the source of an Agora meeting's recording", () => {
  it('is everybody, arranged by Agora, where nothing else is said', () => {
    expect(sourceOf(meeting(), {}, undefined)).toEqual({ agora: channel });
    expect(sourceOf(meeting(), { layout: 'auto' }, 'grid')).toEqual({ agora: channel });
  });

  it('takes the layout from the request, then from the meeting, then from the installation', () => {
    const layouts = [
      sourceOf(meeting({ layout: 'speaker' }), { layout: 'grid' }, 'auto'),
      sourceOf(meeting({ layout: 'speaker' }), {}, 'grid'),
      sourceOf(meeting(), {}, 'grid'),
    ];
    expect(layouts.map(({ agora }) => agora?.layout)).toEqual(['grid', 'speaker', 'grid']);
  });

  it.each<[AgoraOptions, object]>([
    [
      { layout: 'speaker', speakerUid: 7 },
      { layout: 'speaker', speakerUid: 7 },
    ],
    [{ streamUid: 7 }, { mode: 'raw', streamUid: 7 }],
    [{ audioOnly: true }, { audioOnly: true }],
  ])('is what was asked for: %j', (options, expected) => {
    expect(sourceOf(meeting({ layout: 'grid' }), options, 'grid')).toEqual({
      agora: { ...channel, ...expected },
    });
  });

  it('is the sound alone where the meeting was registered so, unless a picture is asked for', () => {
    const quiet = meeting({ audioOnly: true });
    expect(sourceOf(quiet, {}, undefined)).toEqual({ agora: { ...channel, audioOnly: true } });
    expect(sourceOf(quiet, { audioOnly: false }, undefined)).toEqual({ agora: channel });
    expect(sourceOf(quiet, { layout: 'grid' }, undefined)).toEqual({ agora: { ...channel, layout: 'grid' } });
  });
});

describe('the source of another meeting', () => {
  const published = meeting({ source: { kind: 'rtmp' } });

  it('is its publisher', () => {
    expect(sourceOf(published, {}, 'grid')).toEqual({ rtmp: {} });
  });

  it("refuses Agora's options by name", () => {
    expect(() => sourceOf(published, { layout: 'grid', audioOnly: true }, undefined)).toThrow(
      /layout, audioOnly/,
    );
  });
});
