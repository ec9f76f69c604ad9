import { describe, expect, it } from 'vitest';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { LiveStatus } from '../live-status.ts';
import { NOW, liveStatus, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import { watch } from './watch.ts';

const ready = {
  phase: 'Starting',
  reason: 'WaitingForPublisher',
  ingest: { url: 'rtmp://10.0.0.7:1935/live' },
} as const;

async function watched(live: Partial<LiveStatus>, stored: MeetingRecordingStatus = ready, isRunning = true) {
  const recording = recordingOf({ status: stored });
  const state = isRunning ? { running: {} } : { terminated: { exitCode: 1 } };
  const pass = passOf(recording, {
    pod: podOf(recording, { container: { state } }),
    live: { ...liveStatus(), ...live },
  });
  const world = worldOf();
  await watch(pass, world);
  world.watchers.close();
  const receiving = pass.status.condition('Receiving');
  return { status: pass.status.value, receiving: `${receiving?.status} ${receiving?.reason}` };
}

describe('what the recorder says of itself', () => {
  it('waits: nothing changes but that nothing is being received', async () => {
    const { status, receiving } = await watched({ state: 'waiting' });
    expect([status.phase, receiving]).toEqual(['Starting', 'False WaitingForPublisher']);
  });

  it('can be asked of it by whoever reads the status, until it has ended', async () => {
    const { status } = await watched({ state: 'waiting' });
    expect(status.recorderUrl).toBe('http://10.0.0.7:8080');
    const over = { ...status, phase: 'Completed', reason: 'StopRequested' } as const;
    expect((await watched({ state: 'done' }, over)).status.recorderUrl).toBeUndefined();
  });

  it('records: since when, and how much', async () => {
    const { status, receiving } = await watched({ state: 'recording', startedAt: NOW, durationSeconds: 3 });
    expect(status).toMatchObject({
      phase: 'Recording',
      reason: 'Receiving',
      startedAt: NOW,
      durationSeconds: 3,
    });
    expect(receiving).toBe('True Receiving');
  });

  it('records after another was lost: that part knows since when, and does not forget', async () => {
    const part = { attempt: 1, state: 'Salvaging', since: NOW, key: 'k', receivedSeconds: 3 } as const;
    const stored = { ...ready, attempt: 2, parts: [part, { ...part, attempt: 2 }], startedAt: NOW };
    const first = '2026-01-01T00:01:00.000Z';
    const { status } = await watched({ state: 'recording', startedAt: first }, stored);
    expect(status.parts).toMatchObject([{ resumedAt: first }, { attempt: 2 }]);
    expect(status.parts?.[1]?.resumedAt).toBeUndefined();
    const later = await watched({ state: 'recording', startedAt: '2026-01-01T00:02:00.000Z' }, status);
    expect(later.status.parts?.[0]?.resumedAt).toBe(first);
  });

  it('has lost its publisher: still Recording, and the reason says so', async () => {
    const { status, receiving } = await watched({ state: 'reconnecting', startedAt: NOW });
    expect(status).toMatchObject({ phase: 'Recording', reason: 'Reconnecting' });
    expect(receiving).toBe('False Reconnecting');
  });

  it('is in a state of a newer version: what is known stays, and its figures count', async () => {
    const receiving = { type: 'Receiving', status: 'True', reason: 'Receiving', message: '' } as const;
    const conditions = [{ ...receiving, lastTransitionTime: NOW }];
    const stored = { ...ready, phase: 'Recording', reason: 'Receiving', conditions } as const;
    const heard = await watched({ state: undefined, durationSeconds: 3 }, stored);
    expect(heard.receiving).toBe('True Receiving');
    expect(heard.status).toMatchObject({ phase: 'Recording', durationSeconds: 3 });
  });

  it('finishes: nothing is being received any more, and it says since when', async () => {
    const { status, receiving } = await watched({ state: 'uploading', startedAt: NOW, lastMediaAt: NOW });
    expect([status.stoppedAt, receiving]).toEqual([NOW, 'False RecorderFinishing']);
    const ready = status.conditions?.find(({ type }) => type === 'RecorderReady');
    expect(ready).toMatchObject({ status: 'False', reason: 'RecorderFinishing' });
  });

  it('what it said before it died is not how things are', async () => {
    const stored = { ...ready, phase: 'Recording', reason: 'Reconnecting', startedAt: NOW } as const;
    const said = { state: 'recording', startedAt: NOW } as const;
    expect((await watched(said, stored, false)).status.reason).toBe('Reconnecting');
    const { receiving } = await watched(said, { ...stored, phase: 'Stopping' }, false);
    expect(receiving).toBe('False RecorderStarting');
  });

  it('was started again in its container: how the one before it ended, unless its container ended later', async () => {
    const live = { restarts: 1, lastTermination: { exitCode: 137, signal: 'SIGKILL', at: NOW } };
    const { status } = await watched(live);
    expect(status.lastTermination).toMatchObject({ exitCode: 137, reason: 'SIGKILL', node: 'node-1' });
    const later = { exitCode: 1, reason: 'Error', message: '', at: '2026-01-01T00:00:09Z', node: 'node-1' };
    expect((await watched(live, { ...ready, lastTermination: later })).status.lastTermination).toEqual(later);
  });

  it('does not take a recording back that is being stopped', async () => {
    const stored = { ...ready, phase: 'Stopping', reason: 'StopRequested', startedAt: NOW } as const;
    const { status } = await watched({ state: 'recording', startedAt: NOW }, stored);
    expect(status).toMatchObject({ phase: 'Stopping', reason: 'StopRequested' });
  });
});
