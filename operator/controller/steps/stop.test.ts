import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../../agora/agora-error.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { FakeClock } from '../../runtime/testing/fake-clock.ts';
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
    const pass = passFor(undefined, { live: liveStatus({ maxDurationSeconds: 7200 }) });
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

  it.each([
    ['destroyed c1 Idle Timeout', 'MeetingEnded'],
    ['destroyed c1 Internal Error', undefined],
    ['destroyed c0 Idle Timeout', undefined],
    ['failed c1', undefined],
  ])('because Agora found the channel empty, and not for other news: %s', async (text, expected) => {
    const object = recording({
      status: { ...receiving, agora: { converterId: 'c1' } },
      metadata: { annotations: { 'meetrec.dev/push-news': text } },
    });
    expect(await whyStopped(passFor(object))).toBe(expected);
  });

  it('because the object is to go', async () => {
    expect(await whyStopped(passFor(recording({ metadata: { deletionTimestamp: NOW } })))).toBe('Deleted');
  });

  it('because the pod is to go', async () => {
    const object = recording();
    const pod = podOf(object, { ...running, metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } });
    expect(await whyStopped(passOf(object, { pod }))).toBe('Drained');
  });

  it('but not because a pod has to go that has heard nothing: another one is made', async () => {
    const object = recordingOf({
      status: { phase: 'Starting', reason: 'WaitingForPublisher', podName: 'rec-1' },
    });
    const pod = podOf(object, { ...running, metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } });
    expect(
      await whyStopped(passOf(object, { pod, live: liveStatus({ state: 'finishing' }) })),
    ).toBeUndefined();
  });

  it('because its time is up, when the recorder’s own guard has had its chance', async () => {
    const live = liveStatus({ maxDurationSeconds: 7200 });
    const at = (seconds: number) => passFor(recording(), { live, nowMs: NOW_MS + seconds * 1000 });
    expect(await whyStopped(at(7200))).toBeUndefined();
    expect(await whyStopped(at(7210))).toBe('MaxDurationReached');
  });

  it.each([60, 10_800])(
    'exactly on time when the duration was changed to %i s, which the recorder does not know yet',
    async (maxDurationSeconds) => {
      const changed = recording({ spec: { maxDurationSeconds } });
      const live = liveStatus({ maxDurationSeconds: 7200 });
      const at = (ms: number) => passFor(changed, { live, nowMs: NOW_MS + maxDurationSeconds * 1000 + ms });
      expect(await whyStopped(at(-1))).toBeUndefined();
      expect(await whyStopped(at(0))).toBe('MaxDurationReached');
    },
  );

  it('exactly on time when its recorder took another’s place, and counts from its own beginning', async () => {
    const part = { attempt: 1, state: 'Salvaged', since: NOW, key: 'k' } as const;
    const second = recording({ status: { ...receiving, attempt: 2, parts: [part] } });
    const live = liveStatus({ maxDurationSeconds: 7200 });
    expect(await whyStopped(passFor(second, { live, nowMs: NOW_MS + 7_200_000 }))).toBe('MaxDurationReached');
  });

  it('with the words of Kubernetes about what has the pod go', async () => {
    const object = recording();
    const pod = podOf(object, { ...running, metadata: { deletionTimestamp: '2026-01-01T00:10:00Z' } });
    const message = 'default-scheduler: preempting to accommodate a higher priority pod';
    const preemption = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message };
    pod.status?.conditions?.push(preemption);
    const pass = passOf(object, { pod });
    expect(await whyStopped(pass)).toBe('Drained');
    expect(pass.status.value.message).toContain(`PreemptionByScheduler: ${message}`);
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

  const died = { exitCode: 137, finishedAt: NOW };
  it.each([
    ['has just died', { state: { terminated: died } }, 1000, ['push ended']],
    [
      'waits to be started again',
      { state: { waiting: {} }, lastState: { terminated: died } },
      1000,
      ['push ended'],
    ],
    [
      'is back',
      { state: { running: {} }, lastState: { terminated: died } },
      1000,
      ['push ended', 'pod deleted'],
    ],
    ['does not come back', { state: { terminated: died } }, 60_000, ['push ended', 'pod deleted']],
  ])('looks whether a recorder %s, before its pod is deleted', async (_what, container, ms, expected) => {
    const { built, done } = world();
    const recording = recordingOf({ status, spec });
    const pass = passOf(recording, { pod: podOf(recording, { container }), nowMs: NOW_MS + ms });
    await stop(pass, built);
    expect(done).toEqual(expected);
  });

  it('looks in the cache, too, which may know better than the pass', async () => {
    const { built, done } = world();
    const recording = recordingOf({ status, spec });
    const dead = podOf(recording, { container: { state: { terminated: died } } });
    const cache = { ...built.pods.store, byIndex: () => [dead] } as unknown as typeof built.pods.store;
    const pass = passOf(recording, { pod: podOf(recording, running) });
    await stop(pass, { ...built, pods: { ...built.pods, store: cache } });
    expect(done).toEqual(['push ended']);
    expect(pass.requeueAfterMs).toBe(1000);
  });

  const uploading = liveStatus({ state: 'uploading' });
  const since = (status: MeetingRecordingStatus): MeetingRecordingStatus => ({
    ...status,
    conditions: [
      {
        type: 'Receiving',
        status: 'False',
        reason: 'RecorderFinishing',
        message: '',
        lastTransitionTime: NOW,
      },
    ],
  });

  it.each([
    ['the window for uploads', {}, config.uploadRetrySeconds],
    [
      'a grace period when the object is to go',
      { metadata: { deletionTimestamp: NOW } },
      config.recorder.terminationGraceSeconds,
    ],
  ])(
    'leaves it no more than %s: first it is written down that the file is given up, and then the pod deleted',
    async (_what, options, seconds) => {
      const { built, done } = world();
      const recording = recordingOf({ status: since(status), spec, ...options });
      const at = (ms: number, object = recording) =>
        passOf(object, { pod: podOf(object, running), live: uploading, nowMs: NOW_MS + seconds * 1000 + ms });
      const early = at(-1000);
      await stop(early, built);
      expect([early.status.value.reason, early.requeueAfterMs]).toEqual(['StopRequested', 1000]);
      const late = at(0);
      await stop(late, built);
      expect(done).toEqual(['push ended']);
      expect([late.status.value.reason, late.requeueAfterMs]).toEqual(['UploadFailed', 0]);
      const given = since({ ...status, reason: 'UploadFailed' });
      await stop(at(0, recordingOf({ status: given, spec, ...options })), built);
      expect(done).toEqual(['push ended', 'pod deleted']);
    },
  );

  it('does not wait for an Agora that hangs', async () => {
    const hanging = Promise.withResolvers<undefined>();
    const { built, done } = world({ stop: () => hanging.promise });
    const recording = recordingOf({ status, spec });
    const stopping = stop(passOf(recording, { pod: podOf(recording, running) }), built);
    await (built.clock as FakeClock).advance(3000);
    expect(done).toEqual(['pod deleted']);
    hanging.resolve(undefined);
    await stopping;
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
});
