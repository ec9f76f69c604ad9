import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../../agora/agora-error.ts';
import { recorderPod } from '../recorder-pod.ts';
import { NOW, NOW_MS, config, liveStatus, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import type { Pass } from '../pass.ts';
import { stop } from './stop.ts';

const running = { container: { state: { running: {} } } };
const receiving = { phase: 'Recording', reason: 'Receiving', startedAt: NOW } as const;

function whyStopped(pass: Pass): Promise<string | undefined> {
  return stop(pass, worldOf()).then((verdict) =>
    verdict === 'end' && pass.status.phase === 'Stopping' ? pass.status.value.reason : undefined,
  );
}

describe('why a recording is stopped', () => {
  const recording = (options: Parameters<typeof recordingOf>[0] = {}) =>
    recordingOf({ status: receiving, ...options });
  const passFor = (object = recording(), options: Parameters<typeof passOf>[1] = {}) =>
    passOf(object, { pod: podOf(object, running), ...options });

  it('not at all while nothing asks for it', async () => {
    const pass = passFor();
    expect(await whyStopped(pass)).toBeUndefined();
    expect(pass.requeueAfterMs).toBe((7200 + 10) * 1000);
  });

  it('because somebody said so', async () => {
    const spec = { desiredState: 'Stopped' } as const;
    expect(await whyStopped(passFor(recording({ spec })))).toBe('StopRequested');
    const annotated = (why: string) =>
      recording({ spec, metadata: { annotations: { 'meetrec.dev/stop-reason': why } } });
    expect(await whyStopped(passFor(annotated('MeetingEnded')))).toBe('MeetingEnded');
    expect(await whyStopped(passFor(annotated('Anything')))).toBe('StopRequested');
  });

  it('because the object is to go', async () => {
    expect(await whyStopped(passFor(recording({ metadata: { deletionTimestamp: NOW } })))).toBe('Deleted');
  });

  it('because the pod is to go', async () => {
    const object = recording();
    const pod = podOf(object, { ...running, metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } });
    expect(await whyStopped(passOf(object, { pod }))).toBe('Drained');
  });

  it('because its time is up, when the recorder’s own guard has had its chance', async () => {
    const at = (seconds: number) => passFor(recording(), { nowMs: NOW_MS + seconds * 1000 });
    expect(await whyStopped(at(7200))).toBeUndefined();
    expect(await whyStopped(at(7210))).toBe('MaxDurationReached');
  });

  it('exactly on time when the duration was changed, which only the controller knows', async () => {
    const pod = podOf(recording(), running);
    const shortened = recording({ spec: { maxDurationSeconds: 60 } });
    expect(await whyStopped(passOf(shortened, { pod, nowMs: NOW_MS + 60_000 }))).toBe('MaxDurationReached');
  });

  it('because the recorder is ending by itself', async () => {
    const ending = (durationSeconds: number) =>
      passFor(recording(), { live: liveStatus({ state: 'finishing', durationSeconds }) });
    expect(await whyStopped(ending(100))).toBe('RecorderFinishing');
    expect(await whyStopped(ending(7200))).toBe('MaxDurationReached');
  });
});

describe('stopping', () => {
  const status = {
    phase: 'Stopping',
    reason: 'StopRequested',
    startedAt: NOW,
    agora: { converterId: 'c1' },
  } as const;
  const spec = { source: { agora: { channel: 'c', region: 'eu' as const } } };

  function world(push: { stop?: () => Promise<void> } = {}) {
    const done: string[] = [];
    const built = worldOf({
      push: { stop: push.stop ?? (async () => void done.push('push ended')) },
      kube: { delete: async () => void done.push('pod deleted') },
    });
    return { built, done };
  }

  it('ends the push, and then the pod', async () => {
    const { built, done } = world();
    const recording = recordingOf({ status, spec });
    const pass = passOf(recording, { pod: podOf(recording, running) });
    expect(await stop(pass, built)).toBe('next');
    expect(done).toEqual(['push ended', 'pod deleted']);
    expect(pass.status.value.agora).toEqual({ converterId: 'c1', state: 'ended' });
  });

  it('leaves a recorder that is at it its time', async () => {
    const { built, done } = world();
    const recording = recordingOf({ status, spec });
    const live = liveStatus({ state: 'uploading' });
    await stop(passOf(recording, { pod: podOf(recording, running), live }), built);
    expect(done).toEqual(['push ended']);
  });

  it('deletes the pod though Agora does not answer, and asks again', async () => {
    const { built, done } = world({ stop: () => Promise.reject(new AgoraUnavailableError('away')) });
    const recording = recordingOf({ status, spec });
    const pass = passOf(recording, { pod: podOf(recording, running) });
    await stop(pass, built);
    expect(done).toEqual(['pod deleted']);
    expect(pass.requeueAfterMs).toBe(5000);
    expect(pass.status.value.agora).toEqual({ converterId: 'c1' });
  });

  it('does not delete a pod twice', async () => {
    const { built, done } = world();
    const recording = recordingOf({ status, spec });
    const pod = podOf(recording, { ...running, metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } });
    await stop(passOf(recording, { pod }), built);
    expect(done).toEqual(['push ended']);
  });

  it('knows the guard that the pod was made with', () => {
    const manifest = recorderPod({
      recording: recordingOf(),
      attempt: 1,
      masterKey: config.masterKey,
      config: config.recorder,
    });
    expect(JSON.stringify(manifest)).toContain('{"name":"RECORDING_MAX_DURATION","value":"7200"}');
  });
});
