import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { KubernetesObject } from '../install/kubectl.ts';
import type { Workbench } from '../install/workbench.ts';
import { hasRecordedFor, isCompleted, isFailed, Meeting } from './meeting.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench } from './workbench.ts';

const CONTROLLER = 'app.kubernetes.io/component=controller';

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
