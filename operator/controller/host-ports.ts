import type { Pod } from './kube-objects.ts';
import { RECORDER_CONTAINER, recordingNameOf } from './recorder-pod.ts';

/** The node's port under which a recorder pod is published, where it is. */
export function hostPortOf(pod: Pod): number | undefined {
  const container = pod.spec.containers.find(({ name }) => name === RECORDER_CONTAINER);
  return container?.ports?.find(({ name }) => name === 'rtmp')?.hostPort;
}

/**
 * Which port of its node a recorder asks for. Placing is the scheduler's: it puts pods with one port on different
 * nodes. So a port that no recorder has is taken first, and after that the one that the fewest have. What is in use
 * stands in the pods; only what has just been chosen is remembered until its pod is seen.
 */
export class HostPorts {
  readonly #range: readonly [first: number, last: number];
  readonly #pods: () => Iterable<Pod>;
  /** Ports by the pod's name. */
  readonly #chosen = new Map<string, number>();

  constructor(options: { range: readonly [first: number, last: number]; pods: () => Iterable<Pod> }) {
    this.#range = options.range;
    this.#pods = options.pods;
  }

  /** The port for the pod of this name: the same one when asked again. */
  choose(podName: string): number {
    const known = this.#chosen.get(podName);
    if (known !== undefined) return known;
    const users = new Map<number, number>();
    const count = (port: number) => users.set(port, (users.get(port) ?? 0) + 1);
    for (const pod of this.#pods()) {
      const port = hostPortOf(pod);
      if (port === undefined) continue;
      count(port);
      this.#chosen.delete(pod.metadata.name ?? '');
    }
    for (const port of this.#chosen.values()) count(port);
    const [first, last] = this.#range;
    let best = first;
    for (let port = first; port <= last; port += 1)
      if ((users.get(port) ?? 0) < (users.get(best) ?? 0)) best = port;
    this.#chosen.set(podName, best);
    return best;
  }

  /** The pod of this name is no more. */
  forget(podName: string): void {
    this.#chosen.delete(podName);
  }

  /** The recording of this name has ended: pods that were refused, or never seen, will not come any more. */
  forgetAllOf(recordingName: string): void {
    for (const podName of this.#chosen.keys())
      if (recordingNameOf(podName) === recordingName) this.#chosen.delete(podName);
  }
}
