import { describe, expect, it } from 'vitest';
import { NOW, NOW_MS, config, liveStatus, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import type { RecorderStatus } from '../../../recorder-image/contract/status.ts';
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

async function lookedAt({ ingest, silentMs, ms, live }: Look) {
  const recording = recordingOf({
    status: {
      phase: 'Recording',
      podName: 'rec-1',
      startedAt: NOW,
      ...(ingest && { ingest: { url: 'rtmp://10.0.0.7/live' } }),
    },
  });
  const options = { pod: podOf(recording, dark), nowMs: NOW_MS + ms, ...(live && { live }) };
  const pass = passOf(recording, options);
  const world = worldOf();
  const watchers = { silentMs: () => silentMs } as unknown as World['watchers'];
  await pod(pass, { ...world, watchers });
  return pass;
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
