import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateAuthorityFile, newAdministrator, writeAccess } from '../cluster/control-plane/access.ts';
import { apiServer } from '../cluster/control-plane/api-server.ts';
import { etcd } from '../cluster/control-plane/etcd.ts';
import { writeKubeconfig } from '../cluster/control-plane/kubeconfig.ts';
import { isApiServerReady } from '../cluster/control-plane/readiness.ts';
import { ensureTools } from '../cluster/toolchain/ensure-tool.ts';
import { startChild, whileAlive } from './child-process.ts';
import { freePort } from './free-port.ts';
import { tempDirectory } from './temp-directory.ts';
import { waitFor } from './wait-for.ts';

export interface KubeApi extends AsyncDisposable {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** Path of the PEM file that is to be trusted for `server`. */
  readonly certificateAuthority: string;
  stop: () => Promise<void>;
}

/**
 * Starts a real API server with its etcd on loopback, and nothing else: RBAC and admission work, service-account
 * tokens can be issued, but nothing schedules or runs a pod, collects garbage, or makes default service accounts
 * (which is why pods are not asked for one).
 */
export async function startKubeApi(options: { extraArgs?: readonly string[] } = {}): Promise<KubeApi> {
  const tools = await ensureTools(['etcd', 'kube-apiserver']);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDirectory('kube-api'));
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const administrator = newAdministrator();
  const access = await writeAccess(folder.path, [administrator]);
  const dataDirectory = join(folder.path, 'etcd');
  await mkdir(dataDirectory, { mode: 0o700 });

  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  stack.use(await startChild(etcd({ command: tools.etcd, dataDirectory, clientUrl: etcdUrl, peerUrl })));
  const program = apiServer({
    command: tools['kube-apiserver'],
    etcdUrl,
    access,
    address: '127.0.0.1',
    port,
    serviceRange: '10.0.0.0/24',
    extraArgs: [
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      // A loopback address is refused as an endpoint of the service `kubernetes`, and nobody is there to use it.
      '--endpoint-reconciler-type=none',
      ...(options.extraArgs ?? []),
    ],
  });
  const child = stack.use(await startChild(program));
  const server = `https://127.0.0.1:${port}`;
  const certificateAuthority = certificateAuthorityFile(access);
  const { token } = administrator;
  await whileAlive(child, program.name, (signal) =>
    waitFor(() => isApiServerReady({ server, certificateAuthorityFile: certificateAuthority, token }), {
      what: 'the API server to be ready',
      timeoutMs: 120_000,
      signal,
    }),
  );
  const kubeconfig = join(folder.path, 'kubeconfig');
  await writeKubeconfig(kubeconfig, {
    clusterName: 'integration',
    server,
    certificateAuthority,
    user: administrator,
  });

  const running = stack.move();
  const stop = (): Promise<void> => running.disposeAsync();
  return {
    kubeconfig,
    server,
    token,
    certificateAuthority,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
