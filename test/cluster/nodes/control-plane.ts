import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../support/wait-for.ts';
import { certificateAuthorityFile } from '../control-plane/access.ts';
import { apiServer } from '../control-plane/api-server.ts';
import { controllerManager } from '../control-plane/controller-manager.ts';
import { etcd } from '../control-plane/etcd.ts';
import { isApiServerReady } from '../control-plane/readiness.ts';
import { scheduler } from '../control-plane/scheduler.ts';
import { run } from '../run-command.ts';
import type { ClusterTools } from './cluster-tools.ts';
import { dnsObjects, prepareCoreDns } from './core-dns.ts';
import { writeUserKubeconfig } from './credentials.ts';
import type { ClusterCredentials } from './credentials.ts';
import { startDaemon } from './daemon.ts';
import type { ClusterPlan } from './plan.ts';

/** Starts etcd and the API server and waits until it answers, which is when its certificate is there. */
export async function startApiServer(
  plan: ClusterPlan,
  tools: ClusterTools,
  credentials: ClusterCredentials,
): Promise<void> {
  const { access, kubeletClient, users } = credentials;
  const dataDirectory = join(plan.directory, 'etcd');
  await mkdir(dataDirectory, { mode: 0o700 });
  const clientUrl = `http://${plan.loopbackAddress}:2379`;
  const peerUrl = `http://${plan.loopbackAddress}:2380`;
  await startDaemon(plan, etcd({ command: tools.etcd, dataDirectory, clientUrl, peerUrl }));
  const program = apiServer({
    command: tools['kube-apiserver'],
    etcdUrl: clientUrl,
    access,
    address: plan.hostAddress,
    port: plan.serverPort,
    serviceRange: plan.serviceRange,
    extraArgs: [
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--kubelet-client-certificate=${kubeletClient.certificateFile}`,
      `--kubelet-client-key=${kubeletClient.keyFile}`,
      // A node's name resolves nowhere, and logs and exec go by the first of these that there is.
      '--kubelet-preferred-address-types=InternalIP',
    ],
  });
  await startDaemon(plan, program);
  const address = {
    server: plan.server,
    certificateAuthorityFile: certificateAuthorityFile(access),
    token: users.administrator.token,
  };
  await waitFor(() => isApiServerReady(address), {
    what: `the API server to be ready (see ${plan.logDirectory})`,
    timeoutMs: 180_000,
  });
}

/** Starts what makes objects come true: controller manager, scheduler and DNS. Needs the API server's certificate. */
export async function startControllers(
  plan: ClusterPlan,
  tools: ClusterTools,
  { access, users }: ClusterCredentials,
): Promise<void> {
  const address = plan.loopbackAddress;
  await startDaemon(
    plan,
    controllerManager({
      command: tools['kube-controller-manager'],
      kubeconfig: await writeUserKubeconfig(plan, access, users.controllerManager),
      address,
      certificateAuthorityFile: certificateAuthorityFile(access),
      serviceAccountKeyFile: access.serviceAccountKeyFile,
    }),
  );
  const kubeconfig = await writeUserKubeconfig(plan, access, users.scheduler);
  await startDaemon(plan, scheduler({ command: tools['kube-scheduler'], kubeconfig, address }));

  const administrator = await writeUserKubeconfig(plan, access, users.administrator);
  await run(tools.kubectl, ['--kubeconfig', administrator, 'apply', '-f', '-'], {
    input: JSON.stringify(dnsObjects(plan)),
  });
  const dnsKubeconfig = await writeUserKubeconfig(plan, access, users.dns);
  await startDaemon(plan, await prepareCoreDns(plan, { command: tools.coredns, kubeconfig: dnsKubeconfig }));
}
