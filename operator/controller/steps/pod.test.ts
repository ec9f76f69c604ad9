import { describe, expect, it } from 'vitest';
import { NOW, NOW_MS, config, liveStatus, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import type { RecorderStatus } from '../../../recorder-image/contract/status.ts';
import type { MeetingRecordingSpec } from '../../crd/spec.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import { ApiError } from '../../runtime/kube/api-error.ts';
import type { World } from '../world.ts';
import { pod } from './pod.ts';

/** On a node that does not answer: the control plane has taken Ready from it, and the container stands as it was. */
const dark = {
  container: { ready: true, state: { running: {} } },
  status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: NOW }] },
};
const LIMIT_MS = config.recorderLostSeconds * 1000;

interface Look {
  ingest: boolean;
  silentMs: number | undefined;
  /** Milliseconds since the node went dark. */
  ms: number;
  live?: RecorderStatus;
}

/** Looks at a recording whose recorder is on that node. */
async function lookedInTheDark(status: MeetingRecordingStatus, { silentMs, ms, live }: Omit<Look, 'ingest'>) {
  const recording = recordingOf({ status });
  const options = { pod: podOf(recording, dark), nowMs: NOW_MS + ms, ...(live && { live }) };
  const pass = passOf(recording, options);
  const watchers = { silentMs: () => silentMs } as unknown as World['watchers'];
  await pod(pass, { ...worldOf(), watchers });
  return pass;
}

async function lookedAt({ ingest, ...look }: Look) {
  const status = {
    phase: 'Recording',
    podName: 'rec-1',
    startedAt: NOW,
    ...(ingest && { ingest: { url: 'rtmp://10.0.0.7/live' } }),
  } as const;
  return await lookedInTheDark(status, look);
}

describe('a recorder whose node does not answer', () => {
  it('goes on while it is heard itself, however long', async () => {
    const pass = await lookedAt({ ingest: true, silentMs: 1000, ms: 100 * LIMIT_MS });
    expect(pass.recorder?.is).toBe('unreachable');
    expect(pass.status.value.reason).not.toBe('RecorderUnreachable');
  });

  it('says so when it is not heard either, and is lost when that has lasted', async () => {
    const silent = await lookedAt({ ingest: true, silentMs: LIMIT_MS - 1000, ms: LIMIT_MS });
    expect(silent.status.value.reason).toBe('RecorderUnreachable');
    const lost = await lookedAt({ ingest: true, silentMs: LIMIT_MS, ms: LIMIT_MS });
    expect(lost.recorder).toMatchObject({ is: 'lost', how: 'gone' });
    expect(lost.status.value.lastTermination).toMatchObject({ reason: 'NodeLost' });
  });

  it('does not say that a publisher is waited for when none has come yet', async () => {
    const yes = { status: 'True', reason: 'Listening', message: '', lastTransitionTime: NOW } as const;
    const { status } = await lookedInTheDark(
      {
        phase: 'Starting',
        reason: 'WaitingForPublisher',
        podName: 'rec-1',
        ingest: { url: 'rtmp://10.0.0.7/live' },
        conditions: [{ type: 'RecorderReady', ...yes }],
      },
      { silentMs: LIMIT_MS - 1, ms: 1000 },
    );
    expect(status.value).toMatchObject({ phase: 'Starting', reason: 'RecorderUnreachable' });
    expect(status.is('RecorderReady', 'Unknown')).toBe(true);
    expect(status.condition('Receiving')).toBeUndefined();
  });

  it('says so of what it still tells while it is being stopped', async () => {
    const yes = { status: 'True', reason: 'x', message: '', lastTransitionTime: NOW } as const;
    const pass = await lookedInTheDark(
      {
        phase: 'Stopping',
        reason: 'StopRequested',
        podName: 'rec-1',
        startedAt: NOW,
        ingest: { url: 'rtmp://10.0.0.7/live' },
        conditions: [
          { type: 'RecorderReady', ...yes },
          { type: 'Receiving', ...yes, status: 'False' },
        ],
      },
      { silentMs: LIMIT_MS - 1, ms: 1000 },
    );
    const { conditions, reason } = pass.status.value;
    expect(conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'RecorderReady Unknown',
      'Receiving False',
    ]);
    expect(reason).toBe('StopRequested');
  });

  it('is first listened to by a controller that has just started', async () => {
    const pass = await lookedAt({ ingest: true, silentMs: undefined, ms: 100 * LIMIT_MS });
    expect(pass.recorder?.is).toBe('unreachable');
  });

  it('says so soon when such a controller hears nothing', async () => {
    const pass = await lookedAt({ ingest: true, silentMs: 5000, ms: LIMIT_MS });
    expect(pass.status.value.reason).toBe('RecorderUnreachable');
    const heard = await lookedAt({ ingest: true, silentMs: 5000, ms: LIMIT_MS, live: liveStatus() });
    expect(heard.status.value.reason).not.toBe('RecorderUnreachable');
  });

  it('is lost also when nobody could ever reach it', async () => {
    const early = await lookedAt({ ingest: false, silentMs: undefined, ms: LIMIT_MS - 1 });
    expect(early.recorder?.is).toBe('unreachable');
    const late = await lookedAt({ ingest: false, silentMs: undefined, ms: LIMIT_MS });
    expect(late.recorder?.is).toBe('lost');
  });
});

describe('a recorder that does not get ready', () => {
  const waiting = (reason: string) => ({ state: { waiting: { reason } } });
  const running = { state: { running: { startedAt: NOW } } };
  const START_MS = config.startTimeoutSeconds * 1000;

  async function starting(
    container: NonNullable<Parameters<typeof podOf>[1]>['container'],
    ms: number,
    attempt = 1,
  ) {
    const recording = recordingOf({ status: { phase: 'Starting', podName: `rec-${attempt}`, attempt } });
    const made = podOf(recording, { ...(container && { container }), status: { conditions: [] } });
    const pass = passOf(recording, { pod: made, nowMs: NOW_MS + ms });
    await pod(pass, worldOf());
    return { recorder: pass.recorder, status: pass.status.value };
  }

  it('though it runs is lost with its node, as one that was ready before', async () => {
    expect((await starting(running, LIMIT_MS - 1)).recorder?.is).toBe('starting');
    const { recorder, status } = await starting(running, LIMIT_MS);
    expect(recorder).toMatchObject({ is: 'lost', how: 'gone' });
    expect(status.lastTermination).toMatchObject({ reason: 'NotStarted', node: 'node-1' });
  });

  it.each([undefined, waiting('ContainerCreating')])(
    'and of which nothing is known is lost when its time to start is over',
    async (container) => {
      expect((await starting(container, START_MS - 1)).recorder?.is).toBe('starting');
      expect((await starting(container, START_MS)).recorder).toMatchObject({ is: 'lost', how: 'gone' });
    },
  );

  it('for a reason that is known fails with it, and so does one that starts nowhere', async () => {
    const pulling = await starting(waiting('ImagePullBackOff'), START_MS);
    expect(pulling.status).toMatchObject({ phase: 'Failed', reason: 'StartTimeout' });
    const again = await starting(undefined, START_MS, 4);
    expect(again.status).toMatchObject({ phase: 'Failed', reason: 'StartTimeout' });
  });
});

describe('a recorder that has listened and does not any more', () => {
  const AWAY_MS = config.startTimeoutSeconds * 1000;
  const held = {
    restartCount: 1,
    state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "s3" not found' } },
  };
  const hung = { ready: false, state: { running: { startedAt: NOW } } };
  const recorded = { startedAt: NOW, phase: 'Recording', reason: 'Receiving' } as const;

  interface Away {
    container?: NonNullable<Parameters<typeof podOf>[1]>['container'];
    status?: MeetingRecordingStatus;
    spec?: Partial<MeetingRecordingSpec>;
    silentMs?: number;
    live?: RecorderStatus;
  }

  async function away(ms: number, { container = held, silentMs = ms, live, ...of }: Away = {}) {
    const recording = recordingOf({
      ...(of.spec && { spec: of.spec }),
      status: {
        phase: 'Starting',
        reason: 'WaitingForPublisher',
        podName: 'rec-1',
        nodeName: 'node-1',
        ingest: { url: 'rtmp://10.0.0.7:1935/live' },
        conditions: [
          { type: 'RecorderReady', status: 'False', reason: 'x', message: '', lastTransitionTime: NOW },
        ],
        ...of.status,
      },
    });
    const pass = passOf(recording, {
      pod: podOf(recording, { container, status: { conditions: [{ type: 'Ready', status: 'False' }] } }),
      nowMs: NOW_MS + ms,
      ...(live && { live }),
    });
    const watchers = { silentMs: () => silentMs } as unknown as World['watchers'];
    await pod(pass, { ...worldOf(), watchers });
    return { pass, recorder: pass.recorder, status: pass.status.value };
  }

  it('says what holds it up, before the first media and after it', async () => {
    const message = 'The recorder can\'t be started: secret "s3" not found';
    const early = await away(1000);
    expect(early.status).toMatchObject({ phase: 'Starting', reason: 'RecorderStarting', message });
    expect(early.pass.requeueAfterMs).toBe(AWAY_MS - 1000);
    const later = await away(1000, { status: recorded });
    expect(later.status).toMatchObject({ phase: 'Recording', reason: 'RecorderStarting', message });
    expect(later.pass.status.condition('Receiving')).toMatchObject({ status: 'False', message });
  });

  it('is only started again, where nothing holds it up', async () => {
    const { status } = await away(1000, { container: hung, status: recorded });
    expect(status).toMatchObject({ phase: 'Recording', reason: 'Reconnecting' });
  });

  it.each([
    ['that is held up', { container: held }],
    ['that hangs', { container: hung, live: liveStatus() }],
  ])('and %s is lost when its time to start is over', async (_what, given) => {
    for (const status of [{}, recorded]) {
      expect((await away(AWAY_MS - 1, { ...given, status })).recorder?.is).toBe('starting');
      const after = await away(AWAY_MS, { ...given, status });
      expect(after.recorder).toMatchObject({ is: 'lost', how: 'gone' });
      expect(after.status.lastTermination).toMatchObject({ reason: 'NotStarted', node: 'node-1' });
    }
  });

  it('goes on while it is heard: it reads a long journal', async () => {
    const reading = {
      container: hung,
      status: recorded,
      silentMs: 1000,
      live: liveStatus({ state: 'waiting' }),
    };
    const { pass, recorder } = await away(10 * AWAY_MS, reading);
    expect(recorder?.is).toBe('starting');
    expect(pass.requeueAfterMs).toBe(5000);
  });

  it('is left to finish its file', async () => {
    const { recorder, status } = await away(10 * AWAY_MS, {
      container: hung,
      status: recorded,
      live: liveStatus({ state: 'uploading' }),
    });
    expect([recorder?.is, status.reason]).toEqual(['starting', 'Receiving']);
  });

  it('is given up where nobody takes its place: what was stored is saved, or nothing was', async () => {
    const part = { state: 'Salvaging', since: NOW, key: 'k' } as const;
    const parts = [1, 2, 3].map((attempt) => ({ ...part, attempt }));
    const over = await away(AWAY_MS, { status: { ...recorded, parts } });
    expect(over.recorder).toMatchObject({ is: 'lost', how: 'failed' });
    const unheard = await away(AWAY_MS, { status: { parts } });
    expect(unheard.recorder).toMatchObject({ is: 'lost', how: 'failed' });
    const short = await away(AWAY_MS, { spec: { maxDurationSeconds: 1 } });
    expect(short.status).toMatchObject({ phase: 'Failed', reason: 'StartTimeout' });
    // That one is stopped, which has its own time.
    const unwanted = await away(AWAY_MS, { spec: { desiredState: 'Stopped' }, status: recorded });
    expect(unwanted.recorder?.is).toBe('starting');
  });
});

describe('a pod that was evicted, and whose kubelet said nothing of its container', () => {
  it('is told of once, however long its part is being salvaged', async () => {
    const look = async (status: MeetingRecordingStatus, nowMs: number) => {
      const recording = recordingOf({ status });
      const evicted = { status: { phase: 'Failed', reason: 'Evicted', message: 'disk pressure' } };
      const pass = passOf(recording, { pod: podOf(recording, evicted), nowMs });
      await pod(pass, worldOf());
      return pass.status.value;
    };
    const first = await look({ phase: 'Stopping', podName: 'rec-1', startedAt: NOW }, NOW_MS);
    expect(first.lastTermination).toMatchObject({ reason: 'Evicted', at: NOW });
    expect(await look(first, NOW_MS + 60_000)).toEqual(first);
  });
});

describe('a pod that is refused', () => {
  it('is told of once, however often its refusal is numbered anew', async () => {
    let request = 1000;
    const refuse = async () => {
      const message = `admission webhook "policy" denied request ${request++}: ${'x'.repeat(100_000)}`;
      return await Promise.reject(new ApiError({ status: 403, reason: 'Forbidden', message }));
    };
    const world = worldOf({ kube: { create: refuse } });
    const first = passOf(recordingOf({ status: { phase: 'Starting' } }));
    await pod(first, world);
    expect(first.status.value.message).toHaveLength(512);
    expect(first.requeueAfterMs).toBe(5000);
    const second = passOf(recordingOf({ status: first.status.value }), { nowMs: NOW_MS + 5000 });
    await pod(second, world);
    expect(second.status.value).toEqual(first.status.value);
  });
});
