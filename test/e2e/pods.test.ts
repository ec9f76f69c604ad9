import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '../../operator/crd/names.ts';
import type { KubernetesObject } from '../install/kubectl.ts';
import type { Workbench } from '../install/workbench.ts';
import { makeClip } from '../support/media/clip.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { hasRecordedFor, isCompleted, Meeting } from './meeting.ts';
import { openRecording, publishTo } from './plain-publisher.ts';
import { waitFor } from '../support/wait-for.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench } from './workbench.ts';

interface RunningPod extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName: string; readonly containers: readonly { readonly image: string }[] };
}

describe('a recorder pod that somebody removes while it records', () => {
  let workbench: Workbench;
  let folder: TempDirectory;
  let clip: string;
  beforeAll(async () => {
    workbench = await openWorkbench();
    folder = await tempDirectory('e2e-pods');
    clip = await makeClip(`${folder.path}/clip.flv`, { seconds: 20 });
  });
  afterAll(async () => {
    await workbench?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Of recorders alone: what the tests themselves need stays where it is. */
  async function drain(pod: string): Promise<void> {
    const node = (
      await workbench.kubectl.run('get', 'pod', pod, '--output=jsonpath={.spec.nodeName}')
    ).trim();
    const recorders = '--pod-selector=app.kubernetes.io/name=meetrec-recorder';
    try {
      await workbench.kubectl.run('drain', node, recorders, '--delete-emptydir-data', '--timeout=120s');
    } finally {
      await workbench.kubectl.run('uncordon', node);
    }
  }

  /** Makes a pod of the highest priority that can only be on this one's node once this one is gone. */
  async function preempt(pod: string): Promise<void> {
    const { spec, metadata } = (await workbench.kubectl.get<RunningPod>('pod', pod)) ?? {};
    const rival = `${pod}-rival`;
    const term = {
      labelSelector: { matchLabels: { [LABELS.recording]: metadata?.labels[LABELS.recording] } },
      topologyKey: 'kubernetes.io/hostname',
    };
    await workbench.kubectl.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: rival },
      spec: {
        priorityClassName: 'system-node-critical',
        nodeSelector: { 'kubernetes.io/hostname': spec?.nodeName },
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'rival',
            image: spec?.containers[0]?.image,
            command: ['sleep', '600'],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    });
    try {
      const going = async (): Promise<boolean> =>
        (await workbench.kubectl.get('pod', pod))?.metadata.deletionTimestamp !== undefined;
      await waitFor(going, { what: 'the recorder to be preempted', timeoutMs: 60_000, intervalMs: 500 });
    } finally {
      await workbench.kubectl.run('delete', 'pod', rival, '--wait=false');
    }
  }

  it.each([
    [
      'deleted by hand',
      async (pod: string) => void (await workbench.kubectl.run('delete', 'pod', pod, '--wait=false')),
    ],
    ['evicted by the API, as a drain does', async (pod: string) => await workbench.kubectl.evict(pod)],
    ['drained with its node', drain],
    ['preempted by a pod of higher priority', preempt],
  ])('%s: it saves what came until then, and says Drained', async (_how, remove) => {
    const recording = await openRecording(workbench, 'removed');
    await using publisher = await publishTo(recording, clip);
    await workbench.waitForRecording(recording.name, 'recording for 2 s', hasRecordedFor(2));
    await remove(recording.podName);
    const { status } = await workbench.waitForRecording(recording.name, 'completed', isCompleted);
    expect(status).toMatchObject({ reason: 'Drained', attempt: 1 });
    if (remove === preempt) expect(status?.message).toContain('PreemptionByScheduler');
    await publisher.stop();
    const recorded = `${folder.path}/${recording.name}.mp4`;
    await workbench.downloadObject(status?.file?.key ?? '', recorded);
    await expectEveryPacket(clip, recorded, { cutOff: true });
    await expectNothingLeft(workbench, recording.name);
  });

  it('removed with its finalizer and without a word: another goes on, and the status lists what became of each', async () => {
    const meeting = await Meeting.register(workbench);
    const id = await meeting.start();
    await workbench.waitForRecording(id, 'recording for 3 s', hasRecordedFor(3));
    const pod = `${id}-1`;
    await workbench.kubectl.run(
      'patch',
      'pod',
      pod,
      '--type=merge',
      '--patch',
      '{"metadata":{"finalizers":[]}}',
    );
    await workbench.kubectl.run('delete', 'pod', pod, '--grace-period=0', '--force', '--wait=false');
    const again = await workbench.waitForRecording(
      id,
      'recorded by a second pod',
      ({ status }) => status?.podName === `${id}-2` && status.reason === 'Receiving',
    );
    expect(again.status).toMatchObject({ phase: 'Recording', lastTermination: { reason: 'PodRemoved' } });
    expect(again.status?.startedAt).toBeDefined();
    // Something of its own to keep.
    await sleep(3000);
    expect((await meeting.call('ada', 'stop')).status).toBe(202);
    const { status } = await workbench.waitForRecording(id, 'completed', isCompleted);
    expect(status).toMatchObject({ reason: 'StopRequested', attempt: 2 });
    expect(status?.parts).toHaveLength(1);
    expect(status?.parts?.[0]?.state).not.toBe('Salvaging');
    // The second recorder's file is the last one.
    const last = status?.files?.at(-1) ?? status?.file;
    expect(last?.key).toContain('-attempt2');
    await expectNothingLeft(workbench, id);
  });
});
