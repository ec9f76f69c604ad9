import { describe, expect, it } from 'vitest';
import { AgoraRejectedError } from '../../agora/agora-error.ts';
import type { Converter, PushRequest } from '../../agora/converter.ts';
import type { MediaPush } from '../../agora/media-push.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { NOW, NOW_MS, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import { PushRequests } from '../push-requests.ts';
import { push } from './push.ts';

const ready = {
  phase: 'Starting',
  reason: 'WaitingForPublisher',
  podName: 'rec-1',
  attempt: 1,
  ingest: { url: 'rtmp://10.0.0.7:1935/live' },
} as const;

describe('the picture', () => {
  const grid = { source: { agora: { channel: 'standup', region: 'eu' as const, layout: 'grid' as const } } };
  const receiving = {
    type: 'Receiving',
    status: 'True',
    reason: 'Receiving',
    message: '',
    lastTransitionTime: NOW,
  } as const;

  function setupPicture(options: { hasLayout?: boolean; isNew?: boolean; layout?: 'grid' | 'speaker' } = {}) {
    const asked: string[] = [];
    const requests: PushRequest[] = [];
    const updates: { shown: number[]; sequence: number; converterId: string }[] = [];
    let refusal: Error | undefined;
    const agora: Partial<MediaPush> = {
      start: async (request) => {
        asked.push('start');
        requests.push(request);
        const hasLayout = options.hasLayout ?? request.layout !== undefined;
        const id = `c${requests.length}`;
        return await Promise.resolve({ id, state: 'connecting', hasLayout, isNew: options.isNew ?? true });
      },
      stop: async (_region, id) => {
        asked.push(`stop ${id}`);
        await Promise.resolve();
      },
      get: async (_region, id) => await Promise.resolve({ id, state: 'running' }),
      update: async (_region, converterId, { layout }, sequence) => {
        if (refusal) throw refusal;
        updates.push({ converterId, sequence, shown: layout?.map(({ uid }) => uid) ?? [] });
        await Promise.resolve();
      },
    };
    let world = worldOf({ push: agora });
    const clock = world.clock as FakeClock;
    let stored: MeetingRecordingStatus = ready;
    const go = async (participants: string | undefined, change: MeetingRecordingStatus = {}) => {
      stored = { ...stored, ...change };
      const annotations = participants === undefined ? {} : { 'meetrec.dev/participants': participants };
      const spec = { source: { agora: { ...grid.source.agora, layout: options.layout ?? 'grid' } } };
      const recording = recordingOf({ spec, status: stored, metadata: { annotations } });
      const pod = podOf(recording, { container: { state: { running: {} } } });
      const pass = passOf(recording, { pod, nowMs: clock.now() });
      await push(pass, world);
      stored = pass.status.value;
      return { pass, status: stored };
    };
    const restart = () => {
      world = { ...world, pushRequests: new PushRequests() };
    };
    return { asked, requests, updates, clock, go, restart, refuse: (error?: Error) => (refusal = error) };
  }

  it('is made with those who are there from the beginning', async () => {
    const { requests, updates, clock, go } = setupPicture();
    const { status } = await go('7,3');
    expect(requests[0]?.layout?.map(({ uid }) => uid)).toEqual([7, 3]);
    expect(status.agora).toEqual({ converterId: 'c1', state: 'connecting', layout: 'grid', shown: [7, 3] });
    clock.jump(60_000);
    await go('7,3');
    expect(updates).toEqual([]);
  });

  it('follows who comes and goes, with a sequence that grows', async () => {
    const { updates, clock, go } = setupPicture();
    await go('7');
    for (const participants of ['7,3', '3', '3,7']) {
      clock.jump(5000);
      await go(participants, { conditions: [receiving], startedAt: NOW });
    }
    expect(updates.map(({ shown }) => shown)).toEqual([[7, 3], [3], [3, 7]]);
    const sequences = updates.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(new Set(sequences).size).toBe(3);
  });

  it('changes at most once a second, and the last who came within it are in it', async () => {
    const { updates, clock, go } = setupPicture();
    await go('1');
    const waits: (number | undefined)[] = [];
    for (const participants of ['1,2', '1,2,3', '1,2,3,4']) {
      clock.jump(100);
      waits.push((await go(participants)).pass.requeueAfterMs);
    }
    expect(updates).toEqual([]);
    expect(waits).toEqual([900, 800, 700]);
    clock.jump(700);
    await go('1,2,3,4');
    expect(updates.map(({ shown }) => shown)).toEqual([[1, 2, 3, 4]]);
  });

  it('goes on with larger sequences after a restart, also when the clock went back', async () => {
    const { updates, clock, go, restart } = setupPicture();
    await go('1');
    clock.jump(2000);
    await go('1,2');
    restart();
    const { pass } = await go('1,2,3');
    expect(updates).toHaveLength(1);
    clock.jump(pass.requeueAfterMs ?? 0);
    await go('1,2,3', { agora: { ...pass.status.value.agora, converterId: 'c1', sequence: 4_000_000_000 } });
    expect(updates.map(({ sequence }) => sequence)).toEqual([NOW_MS / 1000 + 2, 4_000_000_001]);
  });

  it('is told anew to a push that was found, for nobody knows who is in it', async () => {
    const { updates, clock, go } = setupPicture({ isNew: false, hasLayout: true });
    await go('1,2');
    clock.jump(1000);
    await go('1,2');
    await go('1,2');
    expect(updates.map(({ shown }) => shown)).toEqual([[1, 2]]);
  });

  it.each([undefined, '', 'nobody knows'])(
    'is left to Agora while nobody is known: %s',
    async (participants) => {
      const { requests, go } = setupPicture();
      const { status } = await go(participants);
      expect(requests[0]?.layout).toBeUndefined();
      expect(status.agora).toMatchObject({ layout: 'auto' });
    },
  );

  it('stays as it is when everybody has left', async () => {
    const { updates, clock, go } = setupPicture();
    await go('1,2');
    clock.jump(5000);
    expect((await go('')).status.agora?.shown).toEqual([1, 2]);
    expect(updates).toEqual([]);
  });

  it('is made anew, once, when somebody becomes known before much was recorded', async () => {
    const { asked, clock, go } = setupPicture();
    await go(undefined);
    clock.jump(200);
    const { status } = await go('5');
    expect(status.agora).toMatchObject({ converterId: 'c2', layout: 'grid', shown: [5] });
    clock.jump(200);
    await go('5');
    expect(asked).toEqual(['start', 'stop c1', 'start']);
  });

  it('is not made anew for a push that stays without a layout all the same', async () => {
    const { asked, clock, go } = setupPicture({ hasLayout: false });
    await go(undefined);
    for (let i = 0; i < 3; i++) {
      clock.jump(200);
      await go('5');
    }
    expect(asked).toEqual(['start', 'stop c1', 'start']);
  });

  it('is left to Agora for good once much was recorded', async () => {
    const { asked, updates, clock, go } = setupPicture();
    await go(undefined);
    clock.jump(60_000);
    await go('5', { startedAt: NOW, conditions: [receiving] });
    expect(asked).toEqual(['start']);
    expect(updates).toEqual([]);
  });

  it('that Agora does not change ends nothing, and is tried again', async () => {
    const { updates, clock, go, refuse: refuseWith } = setupPicture();
    await go('1');
    clock.jump(5000);
    refuseWith(new AgoraRejectedError('sequence must grow'));
    const { pass, status } = await go('1,2');
    expect(status).toMatchObject({ phase: 'Starting', agora: { shown: [1] } });
    refuseWith();
    clock.jump(pass.requeueAfterMs ?? 0);
    await go('1,2');
    expect(updates.map(({ shown }) => shown)).toEqual([[1, 2]]);
  });
});

describe('what else can be pushed', () => {
  const requestFor = async (agora: object): Promise<PushRequest | undefined> => {
    const requests: PushRequest[] = [];
    const start = async (request: PushRequest): Promise<Converter> => {
      requests.push(request);
      return await Promise.resolve({ id: 'c1', state: 'connecting' });
    };
    const world = worldOf({ push: { start } });
    const spec = { source: { agora: { channel: 'standup', region: 'eu' as const, ...agora } } };
    const annotations = { 'meetrec.dev/participants': '1,2' };
    const recording = recordingOf({ spec, status: ready, metadata: { annotations } });
    await push(
      passOf(recording, { pod: podOf(recording, { container: { state: { running: {} } } }) }),
      world,
    );
    return requests[0];
  };

  it("is one host's stream as it is", async () => {
    expect(await requestFor({ mode: 'raw', streamUid: 12 })).toMatchObject({ rawStreamUid: 12 });
  });

  it('is the sound alone', async () => {
    const request = await requestFor({ audioOnly: true });
    expect(request).toMatchObject({ audioOnly: true });
    expect(request).not.toHaveProperty('layout');
  });

  it('is a speaker and the others below', async () => {
    const request = await requestFor({ layout: 'speaker', speakerUid: 2 });
    expect(request?.layout?.map(({ uid }) => uid)).toEqual([2, 1]);
  });
});
