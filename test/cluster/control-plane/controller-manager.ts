import type { Program } from './program.ts';

export interface ControllerManagerOptions {
  readonly command: string;
  readonly kubeconfig: string;
  readonly address: string;
  readonly certificateAuthorityFile: string;
  readonly serviceAccountKeyFile: string;
}

export function controllerManager(options: ControllerManagerOptions): Program {
  return {
    name: 'kube-controller-manager',
    command: options.command,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      `--bind-address=${options.address}`,
      `--root-ca-file=${options.certificateAuthorityFile}`,
      `--service-account-private-key-file=${options.serviceAccountKeyFile}`,
      '--use-service-account-credentials=true',
      '--leader-elect=false',
      '--profiling=false',
      // By default it asks 20 times a second at most, and its start alone then takes 5 s.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
  };
}
