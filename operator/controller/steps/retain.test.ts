import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../../agora/agora-error.ts';
import type { MeetingRecording } from '../../crd/meeting-recording.ts';
import { NOW, NOW_MS, config, passOf, recordingOf, worldOf } from '../testing/build.ts';
import type { World } from '../world.ts';
import { retain } from './retain.ts';

const finished = {
  phase: 'Completed',
  completedAt: NOW,
  agora: { converterId: 'c1', state: 'ended' },
} as const;
const spec = { source: { agora: { channel: 'c', region: 'eu' as const } }, ttlSecondsAfterFinished: 60 };
const held = { finalizers: ['meetrec.dev/recording', 'somebody.else/too'] };

function setup(stopPush: () => Promise<void> = async () => await Promise.resolve()) {
  const done: string[] = [];
  const warned: string[] = [];
  const patch = async (_resource: unknown, _ref: unknown, { body }: { body: Partial<MeetingRecording> }) => {
    done.push(`finalizers ${body.metadata?.finalizers?.join()}`);
    return await Promise.resolve(recordingOf({ spec, status: finished, metadata: { finalizers: [] } }));
  };
  const world: World = {
    ...worldOf({
      push: { stop: stopPush },
      kube: {
        patch: patch as unknown as World['kube']['patch'],
        delete: async () => void done.push('deleted'),
      },
    }),
    warn: (_recording, reason) => warned.push(reason),
  };
  return { world, done, warned };
}

describe('a finished recording', () => {
  it('is let go of, and stays as long as it was asked to', async () => {
    const { world, done } = setup();
    const pass = passOf(recordingOf({ spec, status: finished, metadata: held }));
    await retain(pass, world);
    expect(done).toEqual(['finalizers somebody.else/too']);
    expect(pass.requeueAfterMs).toBe(60_000);
  });

  it('says that its push has ended when Agora is told only afterwards, and is let go of then', async () => {
    const { world, done } = setup();
    const status = { ...finished, agora: { converterId: 'c1', state: 'running' } };
    const pass = passOf(recordingOf({ spec, status, metadata: held }));
    await retain(pass, world);
    expect(pass.status.value.agora).toEqual({ converterId: 'c1', state: 'ended' });
    expect([done, pass.requeueAfterMs]).toEqual([[], 0]);
    await retain(passOf(recordingOf({ spec, status: pass.status.value, metadata: held })), world);
    expect(done).toEqual(['finalizers somebody.else/too']);
  });

  it('is removed when its time is up', async () => {
    const { world, done } = setup();
    await retain(passOf(recordingOf({ spec, status: finished }), { nowMs: NOW_MS + 60_000 }), world);
    expect(done).toEqual(['deleted']);
  });

  it('is not let go of before its end is stored', async () => {
    const { world, done } = setup();
    const pass = passOf(recordingOf({ spec, status: { phase: 'Stopping' }, metadata: held }));
    pass.status.say('Completed', 'MeetingEnded', '');
    await retain(pass, world);
    expect(done).toEqual([]);
    expect(pass.requeueAfterMs).toBe(0);
  });

  it('waits for Agora to end the push, but not for ever', async () => {
    const { world, done, warned } = setup(() => Promise.reject(new AgoraUnavailableError('away')));
    const recording = recordingOf({
      spec: { ...spec, ttlSecondsAfterFinished: 3600 },
      status: finished,
      metadata: held,
    });
    const early = passOf(recording, { nowMs: NOW_MS + 599_000 });
    await retain(early, world);
    expect([done, early.requeueAfterMs]).toEqual([[], 10_000]);
    await retain(passOf(recording, { nowMs: NOW_MS + 600_000 }), world);
    expect(done[0]).toBe('finalizers somebody.else/too');
    expect(warned).toEqual(['PushNotEnded']);
  });

  it.each([
    ['was asked for an address', { ingest: { url: 'rtmp://10.0.0.7:1935/live' } }, ['PushNotEnded']],
    ['was led from one recorder to the next', { startedAt: NOW }, ['PushNotEnded']],
    ['never had an address to push to', {}, []],
  ] as const)('warns of a push that may be there where the recording %s', async (_what, known, expected) => {
    const { world, warned } = setup();
    const away = () => Promise.reject(new AgoraUnavailableError('away'));
    const status = { phase: 'Failed', completedAt: NOW, ...known } as const;
    const pass = passOf(recordingOf({ spec, status, metadata: held }), { nowMs: NOW_MS + 600_000 });
    await retain(pass, { ...world, push: { findByName: away } as unknown as NonNullable<World['push']> });
    expect(warned).toEqual(expected);
  });

  it('gives the port back that was chosen for a pod which never came', async () => {
    const { world } = setup();
    const [first] = config.ingest.hostPorts;
    expect(world.hostPorts.choose('rec-1')).toBe(first);
    expect(world.hostPorts.choose('other-1')).toBe(first + 1);
    await retain(passOf(recordingOf({ spec, status: finished })), world);
    expect(world.hostPorts.choose('another-1')).toBe(first);
  });
});
