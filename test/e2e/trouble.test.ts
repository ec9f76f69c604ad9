import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { KubernetesObject } from '../install/kubectl.ts';
import type { Workbench } from '../install/workbench.ts';
import { hasRecordedFor, isCompleted, isFailed, Meeting } from './meeting.ts';
import { packetHashes } from '../support/media/packets.ts';
import { waitFor } from '../support/wait-for.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench } from './workbench.ts';

const CONTROLLER = 'app.kubernetes.io/component=controller';

interface RecorderPod extends KubernetesObject {
  readonly status: { readonly containerStatuses: readonly { readonly restartCount: number }[] };
}

describe('trouble', () => {
  let workbench: Workbench;
  let folder: TempDirectory;
  beforeAll(async () => {
    workbench = await openWorkbench();
    folder = await tempDirectory('e2e-trouble');
  });
  afterAll(async () => {
    await workbench?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** SIGKILL for the processes of a pod whose command line has this in it: once, or again and again for so long. */
  async function killInside(pod: string, command: string, { forMs = 0 } = {}): Promise<void> {
    const script = `
      const { readdirSync, readFileSync } = require('node:fs');
      const kill = () => {
      for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && name !== '1')) {
        try {
          const words = readFileSync('/proc/' + pid + '/cmdline', 'utf8');
          if (words.includes('${command}') && Number(pid) !== process.pid) process.kill(Number(pid), 'SIGKILL');
        } catch { continue; }
      }
      };
      kill();
      const again = setInterval(kill, 100);
      setTimeout(() => clearInterval(again), ${forMs});`;
    await workbench.kubectl.run('exec', pod, '--', 'node', '-e', script);
  }

  const isPublished = ({ published }: { published: boolean }): boolean => published;

  async function pushOf(uid: string) {
    const pushes = (await (await workbench.simulator('GET', '/control/pushes')).json()) as {
      name: string;
      state: string;
      attempts: { attempt: number; published: boolean; end?: string }[];
    }[];
    return pushes.find(({ name }) => name === `meetrec-${uid}`);
  }

  it('keeps the recording whole when the controller is killed in the middle of it', async () => {
    const meeting = await Meeting.register(workbench);
    const id = await meeting.start();
    await workbench.waitForRecording(id, 'recording for 3 s', hasRecordedFor(3));

    const [before] = await workbench.kubectl.list<KubernetesObject>('pods', CONTROLLER);
    await workbench.kubectl.run('delete', 'pod', '--selector', CONTROLLER, '--grace-period=0', '--force');
    await workbench.kubectl.run('rollout', 'status', 'deployment/meetrec-controller', '--timeout=120s');
    const [after] = await workbench.kubectl.list<KubernetesObject>('pods', CONTROLLER);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);

    const pods = await workbench.kubectl.list<KubernetesObject>('pods', `meetrec.dev/recording=${id}`);
    expect(pods).toHaveLength(1);
    expect((await meeting.call('ada', 'stop')).status).toBe(202);
    const { metadata, status } = await workbench.waitForRecording(id, 'completed', isCompleted);
    expect(status?.attempt).toBe(1);
    const [recorded, published] = [`${folder.path}/killed.mp4`, `${folder.path}/killed.flv`];
    await workbench.download(await meeting.downloadUrl(), recorded);
    await workbench.downloadPublished(`meetrec-${metadata.uid}`, published);
    await expectEveryPacket(published, recorded);
    await expectNothingLeft(workbench, id);
  });

  it('goes on in place when FFmpeg and then the recorder itself are killed', async () => {
    const meeting = await Meeting.register(workbench);
    const id = await meeting.start();
    await workbench.waitForRecording(id, 'recording for 2 s', hasRecordedFor(2));
    await killInside(`${id}-1`, 'ffmpeg');
    await killInside(`${id}-1`, 'recorder.mjs');
    const { metadata, status: resumed } = await workbench.waitForRecording(
      id,
      'started again in place',
      ({ status }) => status?.lastTermination !== undefined,
    );
    expect(resumed?.lastTermination).toMatchObject({ exitCode: 137, reason: 'SIGKILL' });
    expect(resumed?.lastTermination?.message).toContain('Started again in its container, once');
    const [pod] = await workbench.kubectl.list<RecorderPod>('pods', `meetrec.dev/recording=${id}`);
    expect(pod?.status.containerStatuses).toMatchObject([{ restartCount: 0 }]);
    const died = `involvedObject.name=${id},reason=RecorderDied`;
    const events = await waitFor(
      async () =>
        (await workbench.kubectl.run('get', 'events', '--field-selector', died, '-o', 'name')).trim(),
      { what: 'the death to be told of' },
    );
    expect(events.split('\n')).toHaveLength(1);
    await waitFor(async () => (await pushOf(metadata.uid))?.attempts.filter(isPublished).length === 2, {
      what: 'the push to come back',
      timeoutMs: 60_000,
    });
    const again = Date.now();
    await workbench.waitForRecording(id, 'recording on', () => Date.now() - again > 2000);
    expect((await meeting.call('ada', 'stop')).status).toBe(202);
    const { status } = await workbench.waitForRecording(id, 'completed', isCompleted);
    expect(status).toMatchObject({ attempt: 1, reason: 'StopRequested' });
    const [recorded, published] = [`${folder.path}/resumed.mp4`, `${folder.path}/resumed.flv`];
    await workbench.download(await meeting.downloadUrl(), recorded);
    await workbench.downloadPublished(`meetrec-${metadata.uid}`, published);
    // What came after the kill is whole, and what came before it is still there.
    const [sent, kept] = await Promise.all([packetHashes(published), packetHashes(recorded)]);
    expect(kept.video.slice(-sent.video.length)).toEqual(sent.video);
    expect(kept.video.length).toBeGreaterThan(sent.video.length);
    await expectNothingLeft(workbench, id);
  });

  it('keeps the file of a recorder that is killed again and again while its pod is being deleted', async () => {
    const meeting = await Meeting.register(workbench);
    const id = await meeting.start();
    await workbench.waitForRecording(id, 'recording for 3 s', hasRecordedFor(3));
    const killing = killInside(`${id}-1`, 'recorder.mjs', { forMs: 3000 });
    await workbench.kubectl.run('delete', 'pod', `${id}-1`, '--wait=false');
    await killing;
    const { status } = await workbench.waitForRecording(id, 'completed', isCompleted);
    // Saved by itself: neither by another recorder nor from what was in S3.
    expect(status).toMatchObject({ attempt: 1, reason: 'Drained' });
    expect(status?.parts).toBeUndefined();
    expect(status?.durationSeconds).toBeGreaterThan(2);
    await expectNothingLeft(workbench, id);
  });

  it('asks once for a push that Agora made without saying so, and ends it when Agora ended it likewise', async () => {
    const meeting = await Meeting.register(workbench);
    const done = (operation: 'create' | 'delete') => ({
      match: { operation, channel: meeting.channel },
      fault: { kind: 'done-but-504' },
    });
    await workbench.simulator('PUT', '/control/faults', [done('create'), done('delete')]);
    const id = await meeting.start();
    await workbench.waitForRecording(id, 'recording for 2 s', hasRecordedFor(2));
    expect((await meeting.call('ada', 'stop')).status).toBe(202);
    const { metadata } = await workbench.waitForRecording(id, 'completed', isCompleted);
    const attempts = [{ attempt: 1, end: 'graceful' }];
    expect(await pushOf(metadata.uid)).toMatchObject({ state: 'destroyed', attempts });
    const [recorded, published] = [`${folder.path}/504.mp4`, `${folder.path}/504.flv`];
    await workbench.download(await meeting.downloadUrl(), recorded);
    await workbench.downloadPublished(`meetrec-${metadata.uid}`, published);
    await expectEveryPacket(published, recorded);
    await expectNothingLeft(workbench, id);
  });

  it('fails within seconds, with the reason, when Agora refuses the credentials', async () => {
    const meeting = await Meeting.register(workbench);
    const refusal = { kind: 'status', status: 401, message: 'Invalid authentication credentials' };
    const onCreate = { operation: 'create', channel: meeting.channel };
    await workbench.simulator('PUT', '/control/faults', [{ match: onCreate, fault: refusal, count: 100 }]);
    const id = await meeting.start();
    const { status } = await workbench.waitForRecording(id, 'failed', isFailed);
    await workbench.simulator('PUT', '/control/faults', []);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'AgoraUnauthorized' });
    await expectNothingLeft(workbench, id);
    expect((await meeting.call('ada', 'status')).body['recording']).toMatchObject({ status: 'failed' });
  });
});
