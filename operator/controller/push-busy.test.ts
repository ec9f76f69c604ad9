import { describe, expect, it } from 'vitest';
import type { MediaPush } from '../agora/media-push.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import type { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { Pass } from './pass.ts';
import { PushBusyError } from './push-busy.ts';
import { UID, NOW, NOW_MS, passOf, podOf, recordingOf, worldOf } from './testing/build.ts';
import { push } from './steps/push.ts';
import { retain } from './steps/retain.ts';
import { stop } from './steps/stop.ts';
import { Turns } from './turns.ts';

const agora = { channel: 'standup', region: 'eu' as const, layout: 'grid' as const };
const metadata = {
  finalizers: ['meetrec.dev/recording'],
  annotations: { 'meetrec.dev/participants': '1,2' },
};
const made = { agora: { converterId: 'c1', state: 'running' } };
const ready: MeetingRecordingStatus = {
  phase: 'Starting',
  reason: 'WaitingForPublisher',
  podName: 'rec-1',
  ingest: { url: 'rtmp://10.0.0.7:1935/live' },
};

/** An Agora that enough others wait for, unless it is for one of these verbs. */
function setup() {
  const asked: string[] = [];
  const woken: string[] = [];
  const turns = new Turns({ limit: 1, wake: (key) => woken.push(key) });
  const answered = new Set<string>();
  const verb =
    <T>(name: string, answer: T) =>
    async (): Promise<T> => {
      if (!answered.has(name)) throw new PushBusyError(turns);
      asked.push(name);
      return await Promise.resolve(answer);
    };
  const media = {
    start: verb('start', { id: 'c2', state: 'connecting', hasLayout: true }),
    stop: verb('stop', undefined),
    update: verb('update', undefined),
    get: verb('get', { id: 'c1', state: 'failed' }),
    findByName: verb('findByName', undefined),
  } as unknown as MediaPush;
  const deleted: string[] = [];
  const warned: string[] = [];
  const kube = {
    delete: async (_: unknown, { name }: { name: string }) => {
      deleted.push(name);
      return await Promise.resolve();
    },
  };
  const world = {
    ...worldOf({ push: media, kube }),
    warn: (_: unknown, reason: string) => void warned.push(reason),
  };
  const passAt = (status: MeetingRecordingStatus, nowMs = NOW_MS): Pass => {
    const recording = recordingOf({ spec: { source: { agora } }, status, metadata });
    return passOf(recording, { pod: podOf(recording, { container: { state: { running: {} } } }), nowMs });
  };
  turns.take();
  const hasItsTurn = () => {
    turns.giveBack();
    turns.take();
    return woken.splice(0);
  };
  return { asked, answered, clock: world.clock as FakeClock, deleted, hasItsTurn, passAt, warned, world };
}

describe('an Agora that enough others wait for', () => {
  it('is asked for the push when it is our turn, and nothing counts as failed until then', async () => {
    const { asked, answered, hasItsTurn, passAt, world } = setup();
    const pass = passAt(ready);
    expect(await push(pass, world)).toBe('next');
    expect(pass.status.value).toMatchObject({ phase: 'Starting', reason: 'RequestingPush' });
    const memory = world.pushRequests.of(UID);
    expect(memory).toMatchObject({ failures: 0, lastError: undefined, notBeforeMs: 0 });
    expect(hasItsTurn()).toEqual(['ns/rec']);
    answered.add('start');
    const next = passAt(pass.status.value);
    await push(next, world);
    expect(asked).toEqual(['start']);
    expect(next.status.value).toMatchObject({
      reason: 'WaitingForPublisher',
      agora: { converterId: 'c2' },
    });
  });

  it('is asked to replace a push that has failed when it is our turn', async () => {
    const { asked, answered, passAt, world } = setup();
    const status: MeetingRecordingStatus = {
      ...ready,
      agora: { ...made.agora, layout: 'grid', shown: [1, 2] },
    };
    answered.add('get');
    await push(passAt(status), world);
    answered.add('start');
    const pass = passAt(status);
    await push(pass, world);
    expect(asked).toEqual(['get', 'get', 'start']);
    expect(pass.status.value.agora?.converterId).toBe('c2');
  });

  it('is asked to end a push that is made anew before it is asked for the new one', async () => {
    const { asked, answered, passAt, world } = setup();
    answered.add('start');
    await push(passAt({ ...ready, ...made }), world);
    expect(asked).toEqual([]);
    answered.add('stop');
    await push(passAt({ ...ready, ...made }), world);
    expect(asked).toEqual(['stop', 'start']);
  });

  it('has the picture changed when it is our turn, without a pause', async () => {
    const { asked, answered, clock, hasItsTurn, passAt, world } = setup();
    const receiving = { type: 'Receiving', status: 'True', reason: 'Receiving', message: '' } as const;
    const status: MeetingRecordingStatus = {
      ...ready,
      ...{ phase: 'Recording', reason: 'Receiving', startedAt: NOW },
      conditions: [{ ...receiving, lastTransitionTime: NOW }],
      agora: { ...made.agora, layout: 'grid', shown: [1] },
    };
    await push(passAt(status), world);
    clock.jump(1000);
    await push(passAt(status), world);
    expect(hasItsTurn()).toEqual(['ns/rec']);
    answered.add('update');
    await push(passAt(status), world);
    expect(asked).toEqual(['update']);
  });

  it('gets a moment to be told of the end before the recorder is, and no longer', async () => {
    const { clock, deleted, passAt, world } = setup();
    const stopping: MeetingRecordingStatus = {
      ...ready,
      ...made,
      phase: 'Stopping',
      reason: 'StopRequested',
    };
    const pass = passAt(stopping);
    await stop(pass, world);
    expect(deleted).toEqual([]);
    expect(pass.requeueAfterMs).toBe(3000);
    expect(pass.status.value.agora?.state).toBe('running');
    clock.jump(3000);
    await stop(passAt(stopping), world);
    expect(deleted).toEqual(['rec-1']);
  });

  it('is told of the end first when its turn comes in time', async () => {
    const { asked, answered, deleted, hasItsTurn, passAt, world } = setup();
    const stopping: MeetingRecordingStatus = {
      ...ready,
      ...made,
      phase: 'Stopping',
      reason: 'StopRequested',
    };
    await stop(passAt(stopping), world);
    expect(hasItsTurn()).toEqual(['ns/rec']);
    answered.add('stop');
    const pass = passAt(stopping);
    await stop(pass, world);
    expect([asked, deleted]).toEqual([['stop'], ['rec-1']]);
    expect(pass.status.value.agora?.state).toBe('ended');
  });

  it('is not given up unasked when a recording has ended long ago', async () => {
    const { hasItsTurn, passAt, warned, world } = setup();
    const pass = passAt({ ...made, phase: 'Completed', completedAt: NOW }, NOW_MS + 3_600_000);
    pass.pod = undefined;
    expect(await retain(pass, world)).toBe('end');
    expect(warned).toEqual([]);
    expect(hasItsTurn()).toEqual(['ns/rec']);
  });
});
