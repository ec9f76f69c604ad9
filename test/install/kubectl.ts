import { run } from '../cluster/run-command.ts';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';

export interface KubernetesObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
}

/** kubectl on one cluster and in one namespace. Every verb throws CommandError with what kubectl said. */
export class Kubectl {
  readonly #program: string;
  readonly kubeconfig: string;
  readonly namespace: string;

  private constructor(program: string, kubeconfig: string, namespace: string) {
    this.#program = program;
    this.kubeconfig = kubeconfig;
    this.namespace = namespace;
  }

  static async for({ kubeconfig, namespace }: { kubeconfig: string; namespace: string }): Promise<Kubectl> {
    return new Kubectl(await ensureTool('kubectl'), kubeconfig, namespace);
  }

  /** The program and the arguments that select cluster and namespace, for callers that start it themselves. */
  command(...args: readonly string[]): [program: string, args: string[]] {
    return [this.#program, ['--kubeconfig', this.kubeconfig, '--namespace', this.namespace, ...args]];
  }

  async run(...args: readonly string[]): Promise<string> {
    const [program, all] = this.command(...args);
    return await run(program, all);
  }

  /** Applies one object. */
  async apply(manifest: object): Promise<void> {
    const [program, args] = this.command('apply', '-f', '-');
    await run(program, args, { input: JSON.stringify(manifest) });
  }

  /** Asks for the eviction of a pod, as a drain does. */
  async evict(name: string): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${name}/eviction`;
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: this.namespace } };
    const [program, args] = this.command('create', '--raw', path, '-f', '-');
    await run(program, args, { input: JSON.stringify(body) });
  }

  /** Reads one object, as JSON; undefined when there is none. */
  async get<T extends KubernetesObject>(resource: string, name: string): Promise<T | undefined> {
    const output = await this.run('get', resource, name, '--ignore-not-found', '--output=json');
    return output === '' ? undefined : (JSON.parse(output) as T);
  }

  async list<T extends KubernetesObject>(resource: string, selector = ''): Promise<T[]> {
    const output = await this.run('get', resource, `--selector=${selector}`, '--output=json');
    return (JSON.parse(output) as { items: T[] }).items;
  }
}
