import { describe, expect, it } from 'vitest';
import { NOW, NOW_MS, config, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import type { World } from '../world.ts';
import { pod } from './pod.ts';

/** On a node that does not answer: the control plane has taken Ready from it, and the container stands as it was. */
const dark = {
  container: { ready: true, state: { running: {} } },
  status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: NOW }] },
};
const LIMIT_MS = config.recorderLostSeconds * 1000;

async function lookedAt(options: { ingest: boolean; silentMs: number | undefined; ms: number }) {
  const { ingest, silentMs, ms } = options;
  const recording = recordingOf({
    status: {
      phase: 'Recording',
      podName: 'rec-1',
      startedAt: NOW,
      ...(ingest && { ingest: { url: 'rtmp://10.0.0.7/live' } }),
    },
  });
  const pass = passOf(recording, { pod: podOf(recording, dark), nowMs: NOW_MS + ms });
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

  it('is lost also when nobody could ever reach it', async () => {
    const early = await lookedAt({ ingest: false, silentMs: undefined, ms: LIMIT_MS - 1 });
    expect(early.recorder?.is).toBe('unreachable');
    const late = await lookedAt({ ingest: false, silentMs: undefined, ms: LIMIT_MS });
    expect(late.recorder?.is).toBe('lost');
  });
});
