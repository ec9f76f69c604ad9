import { describe, expect, it } from 'vitest';
import {
  AgoraQuotaExceededError,
  AgoraRejectedError,
  AgoraUnauthorizedError,
  AgoraUnavailableError,
} from '../../agora/agora-error.ts';
import type { Converter, PushRequest } from '../../agora/converter.ts';
import type { MediaPush } from '../../agora/media-push.ts';
import { deriveStreamKey } from '../../crd/stream-key.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { UID, NOW, config, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import { push } from './push.ts';

const spec = { source: { agora: { channel: 'standup', region: 'eu' as const } } };
const ready = {
  phase: 'Starting',
  reason: 'WaitingForPublisher',
  podName: 'rec-1',
  attempt: 1,
  ingest: { url: 'rtmp://10.0.0.7:1935/live' },
} as const;

function setup(
  answers: { start?: () => Promise<Converter>; get?: () => Promise<Converter | undefined> } = {},
) {
  const asked: string[] = [];
  const requests: PushRequest[] = [];
  const agora: Partial<MediaPush> = {
    start: async (request) => {
      asked.push('start');
      requests.push(request);
      return await (answers.start?.() ?? Promise.resolve({ id: 'c1', state: 'connecting' }));
    },
    get: async () => {
      asked.push('get');
      return await (answers.get?.() ?? Promise.resolve({ id: 'c1', state: 'running' }));
    },
  };
  const world = worldOf({ push: agora });
  const clock = world.clock as FakeClock;
  let stored: MeetingRecordingStatus = ready;
  const go = async (change: MeetingRecordingStatus = {}) => {
    stored = { ...stored, ...change };
    const recording = recordingOf({ spec, status: stored });
    const pass = passOf(recording, { pod: podOf(recording, { container: { state: { running: {} } } }) });
    const verdict = await push(pass, world);
    stored = pass.status.value;
    return { verdict, pass, status: stored };
  };
  return { asked, requests, world, clock, go };
}

function refuse(error: Error): () => Promise<Converter> {
  return async () => {
    throw error;
  };
}

describe('the push', () => {
  it('is asked for under a name of its own, with the key that only the push gets', async () => {
    const { requests, go } = setup();
    const { status } = await go();
    const key = deriveStreamKey(config.masterKey, UID);
    expect(requests).toEqual([
      {
        name: `meetrec-${UID}`,
        channel: 'standup',
        region: 'eu',
        rtmpUrl: `rtmp://10.0.0.7:1935/live/${key}`,
        width: 1280,
        height: 720,
        fps: 30,
        bitrateKbps: 2000,
      },
    ]);
    expect(status.agora).toEqual({ converterId: 'c1', state: 'connecting' });
    expect(JSON.stringify(status)).not.toContain(key);
  });

  it('is asked about while nothing arrives, and left alone once it does', async () => {
    const { asked, clock, go } = setup();
    await go();
    await go();
    expect(asked).toEqual(['start']);
    clock.jump(5000);
    expect((await go()).status.agora?.state).toBe('running');
    clock.jump(60_000);
    const receiving = {
      type: 'Receiving',
      status: 'True',
      reason: 'Receiving',
      message: '',
      lastTransitionTime: NOW,
    } as const;
    await go({ conditions: [receiving] });
    expect(asked).toEqual(['start', 'get']);
  });

  it('is replaced when it has failed', async () => {
    const { asked, clock, go } = setup({
      get: async () => await Promise.resolve({ id: 'c1', state: 'failed' }),
    });
    await go();
    clock.jump(5000);
    await go();
    expect(asked).toEqual(['start', 'get', 'start']);
  });

  it('may be missing twice, for it may be moving; the third time it is asked for anew', async () => {
    const { asked, clock, go } = setup({ get: async () => await Promise.resolve(undefined) });
    await go();
    for (let i = 0; i < 3; i++) {
      clock.jump(5000);
      await go();
    }
    expect(asked).toEqual(['start', 'get', 'get', 'get', 'start']);
  });

  it('that was found gone is remembered as such until its media comes, or Agora says that it runs', async () => {
    let answer: Converter | undefined;
    const { clock, go } = setup({ get: async () => await Promise.resolve(answer) });
    const recorded = { phase: 'Recording', reason: 'Reconnecting', startedAt: NOW } as const;
    const look = async (change: MeetingRecordingStatus = {}) => {
      const { status } = await go({ ...recorded, ...change });
      clock.jump(5000);
      return status.agora?.missedAt;
    };
    await look({ agora: { converterId: 'c1', state: 'running' } });
    await look();
    expect(await look()).toBe(NOW);
    answer = { id: 'c1', state: 'connecting' };
    expect(await look()).toBe(NOW);
    answer = { id: 'c1', state: 'running' };
    expect(await look()).toBeUndefined();
    const receiving = { type: 'Receiving', status: 'True', reason: 'Receiving', message: '' } as const;
    const conditions = [{ ...receiving, lastTransitionTime: NOW }];
    expect(
      await look({ conditions, agora: { converterId: 'c1', state: 'running', missedAt: NOW } }),
    ).toBeUndefined();
  });

  it.each([
    [new AgoraUnauthorizedError('Agora refused the credentials'), 'AgoraUnauthorized'],
    [new AgoraRejectedError('invalid channel'), 'AgoraRejected'],
  ])('that will never be granted fails the recording: %s', async (error, reason) => {
    const { go } = setup({ start: refuse(error) });
    expect((await go()).status).toMatchObject({ phase: 'Failed', reason, message: error.message });
  });

  it('that Agora has no room for sends the recording back to wait, for a new pod', async () => {
    const { world, go } = setup({
      start: () => Promise.reject(new AgoraQuotaExceededError('quota used up')),
    });
    const { verdict, status } = await go();
    expect(verdict).toBe('end');
    const attempts = { attempt: 2, attemptsRefused: 1 };
    expect(status).toMatchObject({ phase: 'Pending', reason: 'ProviderQuotaExceeded', ...attempts });
    expect([status.podName, status.ingest]).toEqual([undefined, undefined]);
    const again = world.admission.decide(recordingOf({ spec }));
    expect(again).toMatchObject({ admitted: false, lacks: 'provider', waitMs: 5000 });
  });

  it('is asked for again, later and later, while Agora does not answer', async () => {
    const { asked, clock, go } = setup({
      start: () => Promise.reject(new AgoraUnavailableError('no answer')),
    });
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      const { pass, status } = await go();
      expect(status).toMatchObject({ phase: 'Starting', reason: 'RequestingPush' });
      waits.push(pass.requeueAfterMs);
      await go();
      clock.jump(pass.requeueAfterMs ?? 0);
    }
    expect(waits).toEqual([2000, 5000, 10_000, 15_000, 15_000]);
    expect(asked).toHaveLength(5);
  });

  it('that breaks later does not throw away what was recorded', async () => {
    const { clock, go } = setup({
      get: async () => await Promise.resolve({ id: 'c1', state: 'failed' }),
      start: refuse(new AgoraUnauthorizedError('no longer valid')),
    });
    const recorded = { phase: 'Recording', reason: 'Reconnecting', startedAt: NOW } as const;
    await go({ ...recorded, agora: { converterId: 'c1', state: 'running' } });
    clock.jump(60_000);
    expect((await go()).status).toMatchObject(recorded);
  });
});
