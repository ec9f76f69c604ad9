import type { BuiltImage } from './images/ensure-image.ts';

/** A way to have clusters, by name. */
export interface ClusterProvider {
  readonly description: string;
  /** Makes the cluster, or finds it running, and returns its administrator's kubeconfig (YAML). */
  up: (name: string) => Promise<string>;
  /** Removes everything that the cluster has on this machine; harmless when there is nothing. */
  down: (name: string) => Promise<void>;
  isRunning: (name: string) => Promise<boolean>;
  /** Loads images into every node. */
  load: (name: string, images: readonly BuiltImage[]) => Promise<void>;
}
