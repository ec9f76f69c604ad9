import { beforeEach, describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { ApiError } from '../runtime/kube/api-error.ts';
import type { FakeClock } from '../runtime/testing/fake-clock.ts';
import { StatusUpdate } from './status-update.ts';
import type { StatusChange } from './status-update.ts';
import { passOf, recordingOf, worldOf } from './testing/build.ts';
import type { World } from './world.ts';

describe('writing the status', () => {
  let written: MeetingRecordingStatus[];
  let told: StatusChange[];
  let failure: Error | undefined;
  let world: World;
  let update: StatusUpdate;

  beforeEach(() => {
    written = [];
    told = [];
    failure = undefined;
    const replace = async (_resource: unknown, object: MeetingRecording) => {
      await Promise.resolve();
      if (failure) throw failure;
      written.push(object.status ?? {});
      return object;
    };
    world = worldOf({ kube: { replace: replace as unknown as World['kube']['replace'] } });
    update = new StatusUpdate({ onChange: (change) => told.push(change) });
  });

  const stored = { observedGeneration: 1, phase: 'Recording', durationSeconds: 10 } as const;
  const passWith = (change: MeetingRecordingStatus) => {
    const pass = passOf(recordingOf({ status: stored }));
    Object.assign(pass.status.value, change);
    return pass;
  };

  it('writes nothing when nothing has changed', async () => {
    await update.write(passOf(recordingOf({ status: stored })), world);
    expect(written).toEqual([]);
  });

  it('writes figures alone at most every 15 s, and a change of anything else at once', async () => {
    await update.write(passWith({ durationSeconds: 11 }), world);
    const early = passWith({ durationSeconds: 12 });
    await update.write(early, world);
    expect(written).toHaveLength(1);
    expect(early.requeueAfterMs).toBe(15_000);
    await update.write(passWith({ durationSeconds: 13, reason: 'Reconnecting' }), world);
    expect(written).toHaveLength(2);
    (world.clock as FakeClock).jump(15_000);
    await update.write(passWith({ durationSeconds: 14 }), world);
    expect(written).toHaveLength(3);
  });

  it('looks again when somebody else wrote first, and tells nobody of what was not written', async () => {
    failure = new ApiError({ status: 409, reason: 'Conflict', message: 'modified' });
    const pass = passWith({ reason: 'Reconnecting' });
    await update.write(pass, world);
    expect(pass.requeueAfterMs).toBeGreaterThan(0);
    expect(told).toEqual([]);
  });

  it('lets go of an object that is gone', async () => {
    failure = new ApiError({ status: 404, reason: 'NotFound', message: 'gone' });
    const pass = passWith({ reason: 'Reconnecting' });
    await update.write(pass, world);
    expect(pass.requeueAfterMs).toBeUndefined();
  });

  it('fails with anything else', async () => {
    failure = new Error('away');
    await expect(update.write(passWith({ reason: 'Reconnecting' }), world)).rejects.toThrow('away');
  });
});
