import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { builtImages } from '../install/images.ts';
import { install } from '../install/installation.ts';
import { Kubectl } from '../install/kubectl.ts';
import type { KubernetesObject } from '../install/kubectl.ts';
import type { Workbench } from '../install/workbench.ts';
import { makeClip } from '../support/media/clip.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { fileKey, hasRecordedFor, isCompleted } from './meeting.ts';
import { openRecording, publishTo, stopRecording } from './plain-publisher.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench } from './workbench.ts';

/** As the other tests have it. */
const RECORDER = { publisherTimeout: 30, reconnectWindow: 45 };

/** Installs anew with other values, in the namespace that all end-to-end tests share. */
async function installWith(values: Record<string, object>): Promise<Workbench> {
  const kubectl = await Kubectl.for({ kubeconfig: inject('kubeconfig'), namespace: inject('namespace') });
  await install(kubectl, {
    images: await builtImages(),
    values: { ...values, recorder: { ...RECORDER, ...values['recorder'] } },
  });
  return await openWorkbench();
}

describe('a recorder that is reached from outside the cluster', () => {
  let workbench: Workbench | undefined;
  let folder: TempDirectory;
  let clip: string;
  beforeAll(async () => {
    folder = await tempDirectory('e2e-exposure');
    clip = await makeClip(`${folder.path}/clip.flv`, { seconds: 6 });
  });
  afterEach(async () => {
    await workbench?.[Symbol.asyncDispose]();
    workbench = undefined;
  });
  afterAll(async () => {
    await using usual = await installWith({});
    await usual.kubectl.run('get', 'mrec');
    await folder?.[Symbol.asyncDispose]();
  });

  const expectRecorded = async (bench: Workbench, name: string): Promise<void> => {
    await stopRecording(bench, name);
    const recording = await bench.waitForRecording(name, 'completed', isCompleted);
    const recorded = `${folder.path}/${name}.mp4`;
    await bench.downloadObject(fileKey(recording), recorded);
    await expectEveryPacket(clip, recorded);
    await expectNothingLeft(bench, name);
  };

  it('by a port of its node: two at once, each by its own', async () => {
    workbench = await installWith({ ingest: { exposure: 'hostPort' } });
    // A port of the node is not for pods under baseline or restricted.
    const label = 'pod-security.kubernetes.io/enforce=privileged';
    await workbench.kubectl.run('label', 'namespace', workbench.kubectl.namespace, label, '--overwrite');
    const first = await openRecording(workbench, 'host-port');
    const second = await openRecording(workbench, 'host-port');
    expect(first.url).toMatch(/:20\d{3}\/live$/);
    expect(second.url).not.toBe(first.url);
    const publishers = [await publishTo(first, clip), await publishTo(second, clip)];
    for (const publisher of publishers) expect(await publisher.exited).toBe(0);
    await expectRecorded(workbench, first.name);
    await expectRecorded(workbench, second.name);
  });

  it('by a Service on a port of every node, which goes with its pod', async () => {
    workbench = await installWith({ ingest: { exposure: 'nodePort' } });
    const bench = workbench;
    const services = async (name: string) =>
      await bench.kubectl.list<KubernetesObject>('services', `meetrec.dev/recording=${name}`);
    const recording = await openRecording(bench, 'node-port');
    expect(await services(recording.name)).toHaveLength(1);
    const publisher = await publishTo(recording, clip);
    expect(await publisher.exited).toBe(0);
    await expectRecorded(bench, recording.name);
    await waitFor(async () => (await services(recording.name)).length === 0, {
      what: 'the Service to be collected with its pod',
      timeoutMs: 60_000,
    });
  });

  it('and with eviction: Never, nothing evicts it while it records', async () => {
    workbench = await installWith({ recorder: { eviction: 'Never' } });
    const bench = workbench;
    const recording = await openRecording(bench, 'never');
    await using publisher = await publishTo(recording, clip);
    await bench.waitForRecording(recording.name, 'recording for 1 s', hasRecordedFor(1));
    await expect(bench.kubectl.evict(recording.podName)).rejects.toThrow(/disruption budget/);
    expect(await publisher.exited).toBe(0);
    await expectRecorded(bench, recording.name);
  });
});
