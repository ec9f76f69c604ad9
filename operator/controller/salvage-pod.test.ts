import { describe, expect, it } from 'vitest';
import { parseSalvageEnvironment } from '../../recorder-image/contract/environment.ts';
import { salvagePod, salvagedAttempt } from './salvage-pod.ts';
import type { Pod } from './kube-objects.ts';
import { NOW, config, recordingOf } from './testing/build.ts';

const part = { attempt: 1, state: 'Salvaging', since: NOW, key: 'recordings/meeting-1/rec.mp4' } as const;
const lastTermination = { exitCode: 255, reason: 'NodeLost', message: '', at: NOW, node: 'node-1' };

function podOf(recorder = config.recorder) {
  const { masterKey } = config;
  const recording = recordingOf({ status: { attempt: 1, parts: [part], lastTermination } });
  const pod = salvagePod({ recording, part, masterKey, config: recorder }) as Pod & {
    spec: { containers: [Record<string, unknown>]; affinity?: unknown };
  };
  const env = pod.spec.containers[0]['env'] as { name: string; value: string }[];
  return { pod, env: Object.fromEntries(env.map(({ name, value }) => [name, value])) };
}

describe('the pod that salvages', () => {
  it('gets an environment that salvage takes, with the key of the part', () => {
    const { env } = podOf();
    expect(parseSalvageEnvironment(env)).toMatchObject({ RECORDING_ID: 'rec', S3_KEY: part.key });
    expect(env).not.toHaveProperty('STREAM_KEY_SHA256');
  });

  it('signs as its recorder would have, with the key from the same Secret', () => {
    const manifestKey = { secret: 'manifest-key', id: '2026-01' };
    const { pod, env } = podOf({ ...config.recorder, manifestKey });
    const secretKeyRef = { name: 'manifest-key', key: 'MANIFEST_KEY' };
    expect(pod.spec.containers[0]['env']).toContainEqual({
      name: 'MANIFEST_KEY',
      valueFrom: { secretKeyRef },
    });
    const given = { ...env, MANIFEST_KEY: 'ab'.repeat(16) };
    expect(parseSalvageEnvironment(given)).toMatchObject({ MANIFEST_KEY_ID: '2026-01' });
  });

  it('has no port, and so no probe, which could not be sent', () => {
    const [container] = podOf().pod.spec.containers;
    expect(Object.keys(container).filter((name) => /probe|ports/i.test(name))).toEqual([]);
  });

  it('is known by the attempt that it salvages, and is no recorder', () => {
    const { pod } = podOf();
    expect(pod.metadata.name).toBe('rec-1-salvage');
    expect(salvagedAttempt(pod)).toBe(1);
    expect(pod.metadata.labels).not.toHaveProperty('meetrec.dev/attempt');
  });

  it('goes rather not to the node that was lost', () => {
    expect(podOf().pod.spec.affinity).toMatchObject({
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100 }] },
    });
  });
});
