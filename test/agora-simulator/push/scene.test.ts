import { describe, expect, it } from 'vitest';
import { createRequest } from '../rest/schemas.ts';
import { commandsBetween } from './filter-graph.ts';
import { rtmpParts } from './publisher.ts';
import { mediaOf, sceneOf } from './scene.ts';

const ADA = { uid: 1, name: 'Ada', slot: 0 };
const GRACE = { uid: 2, name: 'Grace', slot: 1 };

function spec(videoOptions: object = { layoutType: 1 }, audioOptions: object = {}) {
  const video = { canvas: { width: 640, height: 361 }, bitrate: 500, ...videoOptions };
  const converter = {
    transcodeOptions: { rtcChannel: 'c', audioOptions, videoOptions: video },
    rtmpUrl: 'rtmp://h/live/k',
  };
  return createRequest.parse({ converter }).converter;
}

describe('the picture of a meeting', () => {
  it('has the size, rate and bitrate that were asked for, with even sides', () => {
    expect(mediaOf(spec())).toMatchObject({ width: 640, height: 360, fps: 15, gop: 30, videoKbps: 500 });
  });

  it('is divided among those who are there', () => {
    expect(sceneOf(spec(), [ADA])[0]?.region).toEqual({ x: 0, y: 0, width: 640, height: 360 });
    expect(sceneOf(spec(), [ADA, GRACE]).map((it) => it?.region)).toEqual([
      { x: 0, y: 0, width: 320, height: 360 },
      { x: 320, y: 0, width: 320, height: 360 },
    ]);
  });

  it('follows a layout that was given, and shows nobody who is not in it', () => {
    const region = { xPos: 10, yPos: 20, width: 100, height: 50 };
    const scene = sceneOf(spec({ layoutType: 0, layout: [{ rtcStreamUid: 2, region }] }), [ADA, GRACE]);
    expect(scene[0]).toEqual({ name: 'Ada', audible: true });
    expect(scene[1]?.region).toEqual({ x: 10, y: 20, width: 100, height: 50 });
  });

  it('is heard only from those who were asked for', () => {
    const scene = sceneOf(spec({ layoutType: 1 }, { rtcStreamUids: [2] }), [ADA, GRACE]);
    expect(scene.map((it) => it?.audible)).toEqual([false, true]);
  });

  it('changes by few commands when somebody leaves', () => {
    const media = mediaOf(spec());
    const commands = commandsBetween(media, sceneOf(spec(), [ADA, GRACE]), sceneOf(spec(), [ADA]), 4);
    expect(commands).toHaveLength(3);
    expect(commands).toContain('drawtext@plate1 -1 enable 0');
    expect(commands).toContain('volume@tone1 -1 volume 0');
  });

  it('takes no name for an instruction to FFmpeg', () => {
    const scene = sceneOf(spec(), [{ ...ADA, name: "x':text=%{pts}" }]);
    expect(commandsBetween(mediaOf(spec()), [], scene, 4)[0]).toMatch(
      /^drawtext@plate0 -1 reinit text=x__text___pts_:x=/,
    );
  });
});

describe('an RTMP address', () => {
  it('is divided into application and stream key', () => {
    expect(rtmpParts('rtmp://host:1936/live/a/b?c=d')).toEqual({
      tcUrl: 'rtmp://host:1936/live',
      app: 'live',
      playPath: 'a/b?c=d',
    });
  });
});
