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
    conditions: [],
    containerStatuses: [
      { name: 'recorder', state: running ? { running: {} } : { terminated: { exitCode: 1 } } },
    ],
  },
});

const yes = (type: string) => ({ type, status: 'True' });

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

  it.each([
    ['waits for its publisher', { phase: 'Starting', reason: 'WaitingForPublisher' }],
    [
      'listens, while it starts',
      { phase: 'Starting', reason: 'RequestingPush', conditions: [yes('RecorderReady')] },
    ],
    [
      'receives, while it stops',
      { phase: 'Stopping', reason: 'StopRequested', conditions: [yes('Receiving')] },
    ],
  ] as const)('complains when its recorder does not run, and it says that it %s', (_what, status) => {
    const { at } = checkAt();
    const of = { ...recording, status: { podName: 'rec-1', ...status } } as unknown as MeetingRecording;
    at(0, [pod('rec-1', false)], of);
    expect(at(11, [pod('rec-1', false)], of)).toHaveLength(1);
    expect(at(30, [pod('rec-1', true)], of)).toEqual([]);
  });

  it('is content with a stop whose recorder is gone, once it says so', () => {
    const { at } = checkAt();
    const stopping = { phase: 'Stopping', reason: 'StopRequested', podName: 'rec-1', conditions: [] };
    const of = { ...recording, status: stopping } as unknown as MeetingRecording;
    at(0, [], of);
    expect(at(60, [], of)).toEqual([]);
  });

  it('complains of a node that is lost, whose pods the API server goes on calling Running', () => {
    const dark = pod('rec-1', true);
    dark.status?.conditions?.push({ type: 'Ready', status: 'False' });
    const alive = checkAt();
    alive.at(0, [dark]);
    // Its kubelet may be dead, and the recorder well.
    expect(alive.at(60, [dark])).toEqual([]);
    const lost = checkAt();
    lost.check.expectNodeLoss(true);
    lost.at(0, [pod('rec-1', true)]);
    lost.at(50, [dark]);
    expect(lost.at(59, [dark])).toEqual([]);
    expect(lost.at(61, [dark])).toEqual([expect.stringContaining('Receiving')]);
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
