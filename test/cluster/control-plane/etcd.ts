import type { Program } from './program.ts';

export interface EtcdOptions {
  readonly command: string;
  readonly dataDirectory: string;
  /** `http://ADDRESS:PORT`, each. */
  readonly clientUrl: string;
  readonly peerUrl: string;
}

export function etcd({ command, dataDirectory, clientUrl, peerUrl }: EtcdOptions): Program {
  return {
    name: 'etcd',
    command,
    args: [
      `--data-dir=${dataDirectory}`,
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // The data does not outlive the machine, so syncing each write to the disk buys nothing here.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  };
}
