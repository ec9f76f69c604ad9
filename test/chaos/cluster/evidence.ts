import { existsSync } from 'node:fs';
import { link, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterPlan } from '../../cluster/nodes/plan.ts';
import { packetsIn } from '../recorder/journal-link.ts';
import type { PacketHashes } from '../../support/media/packets.ts';

const INTERVAL_MS = 300;
const SPOOL = 'volumes/kubernetes.io~empty-dir/spool';

/** What one recorder pod has accepted. */
export interface Journal {
  readonly podUid: string;
  readonly packets: PacketHashes;
  readonly bytes: number;
}

export interface KeptLog {
  /** `NAMESPACE_POD_UID/CONTAINER/N.log`: N counts the container's starts. */
  readonly name: string;
  readonly path: string;
}

/**
 * Keeps what the cluster would throw away: recorders' journals and containers' logs. Each gets a second name for the
 * same file, outside of its node's folders, which costs nothing and shows every byte that was ever written.
 */
export class Evidence {
  readonly #plan: ClusterPlan;
  readonly #namespace: string;
  readonly #folder: string;
  readonly #held = new Set<string>();
  /** By the recording's name: the pods in which one of its recorders has written. */
  readonly #recorders = new Map<string, Set<string>>();
  #collecting: Promise<void> = Promise.resolve();

  constructor(options: { readonly plan: ClusterPlan; readonly namespace: string }) {
    this.#plan = options.plan;
    this.#namespace = options.namespace;
    // On the nodes' own file system, or there could be no second name.
    this.#folder = join(options.plan.directory, 'evidence', Date.now().toString(36));
  }

  /** Looks again and again until it is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // What stays wrong is told to whoever asks for the logs next.
      await this.collect().catch(() => undefined);
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** What is there now has its second name when it returns. */
  async collect(): Promise<void> {
    // One at a time: two would make the same name.
    const collected = this.#collecting.then(async () => this.#collect());
    this.#collecting = collected.catch(() => undefined);
    await collected;
  }

  /** The pods in which a recording's recorders have written, whether or not anybody else has seen them. */
  podsThatRecorded(recording: string): ReadonlySet<string> {
    return this.#recorders.get(recording) ?? new Set();
  }

  async #collect(): Promise<void> {
    for (const { directory } of this.#plan.nodes) {
      await this.#holdJournals(join(directory, 'var/lib/kubelet/pods'));
      await this.#holdLogs(join(directory, 'var/log/pods'));
    }
  }

  /** What the recorder in this pod has accepted; nothing where it never had a journal. */
  async journal(podUid: string): Promise<Journal> {
    const folder = join(this.#folder, 'journals', podUid);
    const takes = (await names(folder)).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    const video: string[] = [];
    const audio: string[] = [];
    let bytes = 0;
    for (const take of takes) {
      const flv = await readFile(join(folder, take));
      const packets = packetsIn(flv);
      video.push(...packets.video);
      audio.push(...packets.audio);
      bytes += flv.length;
    }
    return { podUid, packets: { video, audio }, bytes };
  }

  /** When one of these pods' recorders last wrote media; Unix milliseconds, 0 for never. */
  async lastMediaMs(podUids: Iterable<string>): Promise<number> {
    let last = 0;
    for (const uid of podUids) {
      const folder = join(this.#folder, 'journals', uid);
      for (const take of await names(folder)) last = Math.max(last, (await stat(join(folder, take))).mtimeMs);
    }
    return last;
  }

  async logs(): Promise<KeptLog[]> {
    const folder = join(this.#folder, 'logs');
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    return files
      .filter((name) => name.endsWith('.log'))
      .map((name) => ({ name, path: join(folder, name) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #holdJournals(pods: string): Promise<void> {
    for (const uid of await names(pods)) {
      const spool = join(pods, uid, SPOOL);
      for (const recording of await names(spool)) {
        const folder = join(spool, recording);
        for (const name of await names(folder))
          if (/^take-\d+\.flv$/.test(name)) {
            await this.#hold(join(folder, name), `journals/${uid}/${name}`);
            this.#recorders.set(recording, (this.#recorders.get(recording) ?? new Set()).add(uid));
          }
      }
    }
  }

  async #holdLogs(pods: string): Promise<void> {
    for (const pod of await names(pods)) {
      if (!pod.startsWith(`${this.#namespace}_`)) continue;
      for (const container of await names(join(pods, pod)))
        for (const name of await names(join(pods, pod, container)))
          await this.#hold(join(pods, pod, container, name), `logs/${pod}/${container}/${name}`);
    }
  }

  async #hold(file: string, as: string): Promise<void> {
    if (this.#held.has(as)) return;
    const name = join(this.#folder, as);
    await mkdir(join(name, '..'), { recursive: true });
    try {
      if (!existsSync(name)) await link(file, name);
      this.#held.add(as);
    } catch (error) {
      // It went between being seen and being named.
      if (!isMissing(error)) throw error;
    }
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
