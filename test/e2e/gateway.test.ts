import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { GATEWAY, installGateway } from '../install/gateway.ts';
import { builtImages } from '../install/images.ts';
import { install } from '../install/installation.ts';
import { Kubectl } from '../install/kubectl.ts';
import type { KubernetesObject } from '../install/kubectl.ts';
import { portForward } from '../install/port-forward.ts';
import { makeCertificate } from '../support/certificate.ts';
import type { TestCertificate } from '../support/certificate.ts';
import { startChild } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { fileKey, isCompleted } from './meeting.ts';
import { openRecording, stopRecording } from './plain-publisher.ts';
import type { OpenRecording } from './plain-publisher.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench } from './workbench.ts';

const DOMAIN = 'ingest.test';
/** As the other tests have it. */
const RECORDER = { publisherTimeout: 30, reconnectWindow: 45 };

describe('recorders behind a gateway', () => {
  let kubectl: Kubectl;
  let folder: TempDirectory;
  let certificate: TestCertificate;
  let clip: string;
  let gateway: AsyncDisposable | undefined;
  beforeAll(async () => {
    kubectl = await Kubectl.for({ kubeconfig: inject('kubeconfig'), namespace: inject('namespace') });
    folder = await tempDirectory('e2e-gateway');
    certificate = await makeCertificate(folder.path, [`*.${DOMAIN}`]);
    clip = await makeClip(`${folder.path}/clip.flv`, { seconds: 6 });
    const images = await builtImages();
    gateway = await installGateway(kubectl, { image: images['dev-gateway'], certificate });
    const { name, listener, port, secret } = GATEWAY;
    const checkAddress = `${name}.${kubectl.namespace}.svc:${port}`;
    const values = { name, listener, port, domain: DOMAIN, tlsSecret: secret, checkAddress };
    await install(kubectl, {
      images,
      values: { recorder: RECORDER, ingest: { exposure: 'gateway', gateway: values } },
    });
  });
  afterAll(async () => {
    await install(kubectl, { images: await builtImages(), values: { recorder: RECORDER } });
    await gateway?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Pushes the clip in real time by RTMPS, asking for the recording's name, whose certificate must be right. */
  const publish = async (recording: OpenRecording, port: number): Promise<Child> => {
    const { hostname } = new URL(recording.url);
    const tls = ['-verifyhost', hostname, '-tls_verify', '1', '-ca_file', certificate.certPath];
    const target = `rtmps://localhost:${port}/live/${recording.streamKey}`;
    const args = ['-nostdin', '-v', 'error', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', ...tls, target];
    return await startChild({ name: 'ffmpeg', command: await debianFfmpegPath(), args });
  };

  it('are told apart by their names, through one port, and nothing stays there of them', async () => {
    await using bench = await openWorkbench();
    await using forward = await portForward(kubectl, `svc/${GATEWAY.name}`, GATEWAY.port);
    const recordings = [
      await openRecording(bench, 'behind-gateway'),
      await openRecording(bench, 'behind-gateway'),
    ];
    for (const { url, name } of recordings) expect(url).toBe(`rtmps://${name}.${DOMAIN}:8443/live`);
    const publishers: Child[] = [];
    for (const recording of recordings) publishers.push(await publish(recording, forward.port));
    for (const publisher of publishers) expect([await publisher.exited, publisher.output()]).toEqual([0, '']);
    for (const { name } of recordings) {
      await stopRecording(bench, name);
      const recording = await bench.waitForRecording(name, 'completed', isCompleted);
      const recorded = `${folder.path}/${name}.mp4`;
      await bench.downloadObject(fileKey(recording), recorded);
      await expectEveryPacket(clip, recorded);
      await expectNothingLeft(bench, name);
    }
    const left = async () => [
      ...(await kubectl.list<KubernetesObject>('tlsroutes', 'app.kubernetes.io/managed-by=meetrec')),
      ...(await kubectl.list<KubernetesObject>('services', 'app.kubernetes.io/managed-by=meetrec')),
    ];
    await waitFor(async () => (await left()).length === 0, {
      what: 'routes and Services to be collected with their pods',
      timeoutMs: 90_000,
    });
  });
});
