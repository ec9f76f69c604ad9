import type { Program } from './program.ts';

export interface SchedulerOptions {
  readonly command: string;
  readonly kubeconfig: string;
  readonly address: string;
}

export function scheduler({ command, kubeconfig, address }: SchedulerOptions): Program {
  return {
    name: 'kube-scheduler',
    command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--bind-address=${address}`,
      '--leader-elect=false',
      '--profiling=false',
    ],
  };
}
