import { describe, expect, it } from 'vitest';
import { hostPortOf } from './host-ports.ts';
import type { Pod } from './kube-objects.ts';
import { lastTermination } from './last-termination.ts';
import { readRecorderState } from './recorder-state.ts';
import { slimPod } from './slim-pod.ts';
import { NOW, NOW_MS, podOf, recordingOf } from './testing/build.ts';

describe('a pod in the cache', () => {
  it('keeps all that the controller reads', () => {
    const pod = podOf(recordingOf(), {
      container: { state: { running: {} } },
      status: { hostIP: '10.0.0.1' },
    });
    const slim = slimPod(structuredClone(pod));
    expect(slim.metadata).toEqual({
      ...pod.metadata,
      annotations: {
        'meetrec.dev/max-duration-seconds': '7200',
        'meetrec.dev/folder': 'bucket/recordings/meeting-1/rec-0123456789ab/',
      },
    });
    expect(slim.status).toEqual(pod.status);
    expect(slim.spec.nodeName).toBe('node-1');
    const [container] = slim.spec.containers;
    expect(container).toMatchObject({ name: 'recorder', image: pod.spec.containers[0]?.image });
    expect(readRecorderState(slim, NOW_MS)).toEqual(readRecorderState(pod, NOW_MS));
  });

  it('keeps how it went with the recorder, and the port of the node', () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled', message: 'm', finishedAt: NOW };
    const status = { ready: false, restartCount: 2, state: { running: {} }, lastState: { terminated } };
    const pod = podOf(recordingOf(), { container: status });
    const conditions = [
      { type: 'Ready', status: 'False', reason: 'r', message: 'm', lastTransitionTime: NOW },
    ];
    const whole = {
      ...pod,
      spec: {
        ...pod.spec,
        containers: pod.spec.containers.map((container) => ({
          ...container,
          ports: [{ name: 'rtmp', containerPort: 1935, hostPort: 20_001 }],
        })),
      },
      status: { ...pod.status, conditions },
    };
    const slim = slimPod(structuredClone(whole));
    expect(slim.status).toMatchObject({ conditions, containerStatuses: [{ name: 'recorder', ...status }] });
    expect(hostPortOf(slim)).toBe(20_001);
    expect(lastTermination(slim, NOW)).toEqual(lastTermination(whole, NOW));
  });

  it('loses the rest', () => {
    const pod = { ...podOf(recordingOf()), status: { phase: 'Running', qosClass: 'Burstable' } } as Pod;
    const slim = slimPod(pod);
    expect(Object.keys(slim.spec)).toEqual(['nodeName', 'containers']);
    expect(slim.status).toEqual({ phase: 'Running' });
    expect(Object.keys(slim.metadata.annotations ?? {})).toEqual([
      'meetrec.dev/max-duration-seconds',
      'meetrec.dev/folder',
    ]);
  });
});
