import type { KubernetesObject } from '../../install/kubectl.ts';
import { LABELS, MANAGER_NAME } from '../../../operator/crd/names.ts';
import { waitFor } from '../../support/wait-for.ts';
import { filePrefix } from './subject.ts';
import type { Subject } from './subject.ts';
import { messageOf } from './message-of.ts';
import type { ChaosWorld } from './world.ts';

/** Kinds of which no recording may leave any behind. */
const KINDS = [
  'secrets',
  'services',
  'configmaps',
  'poddisruptionbudgets',
  'persistentvolumeclaims',
] as const;
/** Objects that belong to one that is gone are removed by Kubernetes a moment later. */
const SETTLING_MS = 30_000;
const ROUTES = 'tlsroutes.gateway.networking.k8s.io';

/** `KIND/NAME` of all that is there of whichever recording, but for the recordings themselves. */
export async function inventory({ kubectl, simulator, stored }: ChaosWorld): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const known = await kubectl.run('get', 'customresourcedefinitions', '--output=name');
  const kinds = known.includes(ROUTES) ? [...KINDS, ROUTES] : KINDS;
  for (const kind of kinds)
    for (const { metadata } of await kubectl.list<KubernetesObject>(kind))
      found.add(`${kind}/${metadata.name}`);
  const selector = `${LABELS.managedBy}=${MANAGER_NAME}`;
  for (const { metadata } of await kubectl.list<KubernetesObject>('pods', selector))
    found.add(`pods/${metadata.name}`);
  for (const { name, state, channel } of await simulator.pushes())
    if (state !== 'destroyed') found.add(`converters/${name} of ${channel ?? 'no channel'}`);
  for (const key of await stored.openUploads('recordings/')) found.add(`uploads/${key}`);
  return found;
}

/** What is there now, after as long as it may take to go, and was not there before. */
export async function leftSince(before: ReadonlySet<string>, world: ChaosWorld): Promise<string[]> {
  let left: string[] = [];
  await waitFor(
    async () => {
      left = [...(await inventory(world))].filter((found) => !before.has(found));
      return left.length === 0;
    },
    { what: 'what is left to go', timeoutMs: SETTLING_MS, intervalMs: 1000 },
  ).catch((error: unknown) => {
    if (left.length === 0) left = [messageOf(error)];
  });
  return left;
}

/** What a recording that has ended has left, after as long as the leftovers may take to go. */
export async function leftoversOf(
  subject: Subject,
  world: ChaosWorld,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string[]> {
  let left: string[] = [];
  await waitFor(
    async () => {
      left = await leftNow(subject, world);
      return left.length === 0;
    },
    { what: `what ${subject.name} has left to go`, timeoutMs, intervalMs: 1000, signal },
  ).catch((error: unknown) => {
    signal.throwIfAborted();
    if (left.length === 0) left = [messageOf(error)];
  });
  return left;
}

async function leftNow(subject: Subject, world: ChaosWorld): Promise<string[]> {
  const { observer, simulator, stored } = world;
  const pods = observer.podsOf(subject.name).map(({ metadata }) => `the pod ${metadata.name}`);
  const isOurs = (text?: string): boolean => text === subject.name || text === world.pushName(subject.name);
  const converters = (await simulator.pushes())
    .filter(({ name, channel, state }) => [name, channel].some(isOurs) && state !== 'destroyed')
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
