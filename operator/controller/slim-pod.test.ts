import { describe, expect, it } from 'vitest';
import type { Pod } from './kube-objects.ts';
import { slimPod } from './slim-pod.ts';
import { podOf, recordingOf } from './testing/build.ts';

describe('a pod in the cache', () => {
  it('keeps all that the controller reads', () => {
    const pod = podOf(recordingOf(), {
      container: { state: { running: {} } },
      status: { hostIP: '10.0.0.1' },
    });
    const slim = slimPod(structuredClone(pod));
    const { annotations: _annotations, ...metadata } = pod.metadata;
    expect(slim.metadata).toEqual(metadata);
    expect(slim.status).toEqual(pod.status);
    expect(slim.spec.nodeName).toBe('node-1');
    expect(slim.spec.containers.map(({ name, env, ports }) => ({ name, env, ports }))).toEqual(
      pod.spec.containers.map(({ name, env, ports }) => ({ name, env, ports })),
    );
  });

  it('loses the rest', () => {
    const pod = { ...podOf(recordingOf()), status: { phase: 'Running', qosClass: 'Burstable' } } as Pod;
    const slim = slimPod(pod);
    expect(Object.keys(slim.spec)).toEqual(['nodeName', 'containers']);
    expect(slim.status).toEqual({ phase: 'Running' });
    expect(slim.metadata.annotations).toBeUndefined();
  });
});
