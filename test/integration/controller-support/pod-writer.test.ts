import { expect, it } from 'vitest';
import { PODS } from '../../../operator/controller/kube-objects.ts';
import { PodWriter } from './pod-writer.ts';
import { startCluster, TestWorld } from './world.ts';

it('leaves a pod alone that has the name of another one, and does not mind one that is gone', async () => {
  await using cluster = await startCluster();
  await using world = await TestWorld.start(cluster);
  world.kubelet.starts = false;
  const ref = { namespace: world.namespace, name: 'rec-1' };
  const first = await world.foreignPod('rec-1');
  const replaced = await cluster.kube.get(PODS, ref);
  await first.remove();
  await world.foreignPod('rec-1');
  const before = await cluster.kube.get(PODS, ref);
  expect(before.metadata.uid).not.toBe(replaced.metadata.uid);

  const pods = new PodWriter(cluster.kube);
  const gone = { ...replaced, metadata: { ...replaced.metadata, name: 'rec-2' } };
  for (const pod of [replaced, gone]) {
    await pods.bind(pod);
    await pods.patchStatus(pod, { phase: 'Failed' });
    await pods.delete(pod);
  }
  expect(await cluster.kube.get(PODS, ref)).toEqual(before);

  await pods.bind(before);
  await pods.patchStatus(before, { phase: 'Running' });
  expect(await cluster.kube.get(PODS, ref)).toMatchObject({
    spec: { nodeName: 'fake-node' },
    status: { phase: 'Running' },
  });
}, 180_000);
