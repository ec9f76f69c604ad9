import type { KubernetesObject } from '../../install/kubectl.ts';
import { waitFor } from '../../support/wait-for.ts';
import { filePrefix } from './subject.ts';
import type { Subject } from './subject.ts';
import type { ChaosWorld } from './world.ts';

/** Kinds of which no recording may leave any behind. */
const KINDS = [
  'secrets',
  'services',
  'configmaps',
  'poddisruptionbudgets',
  'persistentvolumeclaims',
] as const;
const ROUTES = 'tlsroutes.gateway.networking.k8s.io';

/** `KIND/NAME` of all that is there beside the recordings and their pods. */
export async function inventory({ kubectl }: ChaosWorld): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const known = await kubectl.run('get', 'customresourcedefinitions', '--output=name');
  const kinds = known.includes(ROUTES) ? [...KINDS, ROUTES] : KINDS;
  for (const kind of kinds)
    for (const { metadata } of await kubectl.list<KubernetesObject>(kind))
      found.add(`${kind}/${metadata.name}`);
  return found;
}

/** What a recording that has ended has left, after as long as the leftovers may take to go. */
export async function leftoversOf(subject: Subject, world: ChaosWorld, timeoutMs: number): Promise<string[]> {
  let left: string[] = [];
  await waitFor(
    async () => {
      left = await leftNow(subject, world);
      return left.length === 0;
    },
    { what: `what ${subject.name} has left to go`, timeoutMs, intervalMs: 1000 },
  ).catch((error: unknown) => {
    if (left.length === 0) left = [String(error)];
  });
  return left;
}

async function leftNow(subject: Subject, world: ChaosWorld): Promise<string[]> {
  const { observer, simulator, stored } = world;
  const pods = observer.podsOf(subject.name).map(({ metadata }) => `the pod ${metadata.name}`);
  const push = world.pushName(subject.name);
  const converters = (await simulator.pushes())
    .filter(({ name, state }) => name === push && state !== 'destroyed')
    .map(({ name }) => `the converter ${name}`);
  const uploads = await stored.openUploads(filePrefix(subject));
  const { gone, last } = observer.of(subject.name);
  const finalizers = gone ? [] : (last?.metadata.finalizers ?? []);
  return [
    ...pods,
    ...converters,
    ...uploads.map((key) => `an unfinished upload of ${key}`),
    ...finalizers.map((finalizer) => `the finalizer ${finalizer}`),
  ];
}
