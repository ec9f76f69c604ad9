import { API_VERSION, KIND } from '../../../operator/crd/names.ts';
import { MEETING_RECORDINGS } from '../../../operator/controller/kube-objects.ts';
import type { Place } from './place.ts';
import { NAMESPACE } from './setup-objects.ts';

/** How many requests the bench itself has under way. */
const PARALLEL = 32;

export function keyOfRecording(name: string): string {
  return `${NAMESPACE}/${name}`;
}

export async function create({ kube, observer }: Place, name: string): Promise<void> {
  await kube.create(MEETING_RECORDINGS, {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { namespace: NAMESPACE, name },
    spec: { meetingId: `meeting-${name}`, source: { rtmp: {} } },
  } as Parameters<typeof kube.create>[1]);
  observer.note(keyOfRecording(name), 'created');
}

export async function stop({ kube }: Place, name: string): Promise<void> {
  const body = { spec: { desiredState: 'Stopped' } };
  await kube.patch(MEETING_RECORDINGS, { namespace: NAMESPACE, name }, { type: 'merge', body });
}

export async function remove({ kube }: Place, name: string): Promise<void> {
  await kube.delete(MEETING_RECORDINGS, { namespace: NAMESPACE, name });
}

export async function eachOf(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const queue = names.values();
  const work = async (): Promise<void> => {
    for (const name of queue) await act(name);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}
