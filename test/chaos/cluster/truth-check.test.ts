import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../operator/controller/kube-objects.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { LABELS } from '../../../operator/crd/names.ts';
import { TruthCheck } from './truth-check.ts';

const recording = {
  metadata: { name: 'rec' },
  status: { phase: 'Recording', reason: 'Receiving', podName: 'rec-1' },
} as MeetingRecording;

const pod = (name: string, running: boolean): Pod => ({
  metadata: { name, labels: { [LABELS.recording]: 'rec' } },
  spec: { containers: [] },
  status: {
    phase: 'Running',
    containerStatuses: [
      { name: 'recorder', state: running ? { running: {} } : { terminated: { exitCode: 1 } } },
    ],
  },
});

function checkAt() {
  let now = 0;
  const check = new TruthCheck({ now: () => now });
  return {
    check,
    at: (seconds: number, pods: Pod[], of = recording) => {
      now = seconds * 1000;
      return check.check(of, pods);
    },
  };
}

describe('whether an object says what is', () => {
  it('is content while its recorder runs', () => {
    const { at } = checkAt();
    expect(at(0, [pod('rec-1', true)])).toEqual([]);
    expect(at(60, [pod('rec-1', true)])).toEqual([]);
  });

  it.each([
    ['is gone', []],
    ['has ended', [pod('rec-1', false)]],
    ['is another', [pod('rec-2', true)]],
  ])('complains once when it says Receiving for 10 s though its recorder %s', (_what, pods) => {
    const { at } = checkAt();
    expect(at(0, pods)).toEqual([]);
    expect(at(9, pods)).toEqual([]);
    expect(at(11, pods)).toHaveLength(1);
    expect(at(12, pods)).toEqual([]);
  });

  it('forgives what is put right in time, and more while nobody can', () => {
    const { at, check } = checkAt();
    at(0, []);
    at(9, [pod('rec-1', true)]);
    expect(at(18, [])).toEqual([]);
    check.allow(30);
    expect(at(50, [])).toEqual([]);
    expect(at(60, [])).toHaveLength(1);
  });

  it('complains of two recorders that go on', () => {
    const { at } = checkAt();
    const two = [pod('rec-1', true), pod('rec-2', true)];
    at(0, two);
    expect(at(11, two)).toEqual([expect.stringContaining('two recorders')]);
  });
});
