import { PODS } from '../../../operator/controller/kube-objects.ts';
import type { Pod } from '../../../operator/controller/kube-objects.ts';
import { ApiError, isConflict, isNotFound } from '../../../operator/runtime/kube/api-error.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { refOf } from '../../../operator/runtime/kube/resource.ts';

/**
 * What a scheduler and a kubelet write of a pod. A pod that is gone meanwhile, or whose name another one has, is no
 * error, and the other one is left alone: a kubelet learns of both later than they happen.
 */
export class PodWriter {
  readonly #kube: KubeClient;

  constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  async bind(pod: Pod): Promise<void> {
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: 'fake-node' },
    };
    await unlessReplaced(this.#kube.create({ ...PODS, plural: `pods/${name}/binding` }, body));
  }

  async patchStatus(pod: Pod, status: object): Promise<void> {
    const body = { metadata: { uid: pod.metadata.uid }, status };
    await unlessReplaced(
      this.#kube.patch(PODS, refOf(pod), { type: 'merge', body }, { subresource: 'status' }),
    );
  }

  /** Confirms a deletion: its containers are gone. */
  async delete(pod: Pod): Promise<void> {
    const { uid = '' } = pod.metadata;
    await unlessReplaced(this.#kube.delete(PODS, refOf(pod), { gracePeriodSeconds: 0, uid }));
  }
}

/** A patch of another UID is answered with Invalid (the field is immutable), everything else with Conflict. */
async function unlessReplaced(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    const otherUid = error instanceof ApiError && error.status === 422 && /metadata\.uid/.test(error.message);
    if (!otherUid && !isNotFound(error) && !isConflict(error)) throw error;
  }
}
