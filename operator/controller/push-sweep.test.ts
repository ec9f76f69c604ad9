import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../agora/agora-error.ts';
import type { Converter, MediaPush } from '../agora/media-push.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { deriveStreamKey } from '../crd/stream-key.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { PushSweep } from './push-sweep.ts';
import { NOW_MS, config, recordingOf } from './testing/build.ts';

const signal = new AbortController().signal;
const url = (uid: string, key = config.masterKey) => `rtmp://10.0.0.7:1935/live/${deriveStreamKey(key, uid)}`;
const converter = (uid: string, rtmpUrl = url(uid)): Converter => ({
  id: `id-${uid}`,
  state: 'running',
  name: `meetrec-${uid}`,
  rtmpUrl,
});

function setup(converters: Converter[], recordings: MeetingRecording[]) {
  const stopped: string[] = [];
  const stuck = new Set<string>();
  let ended = 0;
  const push = {
    list: async function* () {
      yield* await Promise.resolve(converters);
    },
    stop: async (region: string, id: string) => {
      if (stuck.has(`${region} ${id}`)) throw new AgoraUnavailableError('it can not be ended');
      stopped.push(`${region} ${id}`);
      await Promise.resolve();
    },
  } as unknown as MediaPush;
  const sweep = new PushSweep({
    push,
    recordings: () => recordings,
    masterKey: config.masterKey,
    intervalSeconds: 300,
    onEnded: () => void ended++,
    clock: new FakeClock(NOW_MS),
    log: pino({ level: 'silent' }),
  });
  return { sweep, stopped, stuck, ended: () => ended };
}

describe('the sweep of pushes', () => {
  it('ends what no recording knows, once it was found twice, wherever it was asked for', async () => {
    const { sweep, stopped } = setup([converter('gone')], []);
    await sweep.sweep(signal);
    expect(stopped).toEqual([]);
    await sweep.sweep(signal);
    expect(stopped).toEqual(['cn id-gone', 'ap id-gone', 'na id-gone', 'eu id-gone']);
  });

  it('ends that of a recording that is over, and leaves that of one at work', async () => {
    const spec = { source: { agora: { channel: 'c', region: 'na' as const } } };
    const over = recordingOf({ spec, metadata: { uid: 'over' }, status: { phase: 'Completed' } });
    const active = recordingOf({ spec, metadata: { uid: 'active' }, status: { phase: 'Recording' } });
    const { sweep, stopped } = setup([converter('over'), converter('active')], [over, active]);
    await sweep.sweep(signal);
    await sweep.sweep(signal);
    expect(stopped).toEqual(['na id-over']);
  });

  it('leaves alone what it has not made: other names, and other installations', async () => {
    const foreign = { ...converter('x'), name: 'somebody-elses' };
    const { sweep, stopped } = setup([foreign, converter('y', url('y', 'another master key'))], []);
    await sweep.sweep(signal);
    await sweep.sweep(signal);
    expect(stopped).toEqual([]);
  });

  it('goes on to the next when one can not be ended, and tries that one again each time', async () => {
    const { sweep, stopped, stuck, ended } = setup([converter('stuck'), converter('other')], []);
    for (const region of ['cn', 'ap', 'na', 'eu']) stuck.add(`${region} id-stuck`);
    await sweep.sweep(signal);
    await sweep.sweep(signal);
    expect(stopped).toEqual(['cn id-other', 'ap id-other', 'na id-other', 'eu id-other']);
    expect(ended()).toBe(1);
    stuck.clear();
    await sweep.sweep(signal);
    expect(stopped).toContain('eu id-stuck');
  });

  it('looks in every region, also where one of them does not answer', async () => {
    const { sweep, stopped, stuck, ended } = setup([converter('gone')], []);
    stuck.add('cn id-gone');
    await sweep.sweep(signal);
    await sweep.sweep(signal);
    expect(stopped).toEqual(['ap id-gone', 'na id-gone', 'eu id-gone']);
    expect(ended()).toBe(0);
  });
});
