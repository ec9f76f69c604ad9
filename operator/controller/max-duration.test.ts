import { describe, expect, it } from 'vitest';
import { ApiError } from '../runtime/kube/api-error.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import { tellMaxDuration } from './max-duration.ts';
import { NOW, passOf, podOf, recordingOf, worldOf } from './testing/build.ts';

const running = { container: { state: { running: {} } } };

function setup(answer: () => Promise<unknown> = () => Promise.resolve({})) {
  const patches: unknown[] = [];
  const patch = async (_resource: unknown, _ref: unknown, { body }: { body: unknown }) => {
    patches.push(body);
    return await answer();
  };
  return { patches, world: worldOf({ kube: { patch: patch as unknown as KubeClient['patch'] } }) };
}

const made = recordingOf();
const changed = recordingOf({ spec: { maxDurationSeconds: 60 } });

describe('the maximum duration that the recorder knows of', () => {
  it('is brought up to date on its pod', async () => {
    const { patches, world } = setup();
    await tellMaxDuration(passOf(changed, { pod: podOf(made, running) }), world);
    expect(patches).toEqual([
      { metadata: { uid: 'pod-uid', annotations: { 'meetrec.dev/max-duration-seconds': '60' } } },
    ]);
  });

  it.each([
    ['it is what it was made with', made, podOf(made, running)],
    [
      'the pod is on its way out',
      changed,
      podOf(made, {
        ...running,
        metadata: { deletionTimestamp: NOW, annotations: podOf(made).metadata.annotations ?? {} },
      }),
    ],
    ['the pod was made before it could be told', changed, podOf(made, { metadata: { annotations: {} } })],
    [
      'the recording is being stopped',
      recordingOf({ spec: { maxDurationSeconds: 60 }, status: { phase: 'Stopping' } }),
      podOf(made, running),
    ],
  ])('is left alone when %s', async (_when, recording, pod) => {
    const { patches, world } = setup();
    await tellMaxDuration(passOf(recording, { pod }), world);
    expect(patches).toEqual([]);
  });

  it('is nobody’s when the pod is gone meanwhile', async () => {
    const gone = new ApiError({ status: 404, reason: 'NotFound', message: 'gone' });
    const { world } = setup(() => Promise.reject(gone));
    await tellMaxDuration(passOf(changed, { pod: podOf(made, running) }), world);
  });
});
