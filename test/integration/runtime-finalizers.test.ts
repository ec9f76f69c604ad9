import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropFinalizer } from '../../operator/controller/finalizers.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import { KubeConfigConnection } from '../../operator/runtime/kube/connection.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../operator/runtime/kube/resource.ts';
import { startKubeApi } from '../support/kube-api.ts';
import type { KubeApi } from '../support/kube-api.ts';

const CONFIG_MAPS: Resource<KubeObject> = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  namespaced: true,
};
const [OURS, THEIRS] = ['meetrec.dev/test', 'somebody.else/test'];

describe('a finalizer that is dropped', () => {
  let api: KubeApi;
  let kube: KubeClient;
  let connection: KubeConfigConnection;
  const { signal } = new AbortController();

  beforeAll(async () => {
    api = await startKubeApi();
    const config = new KubeConfig();
    config.loadFromFile(api.kubeconfig);
    connection = new KubeConfigConnection(config);
    kube = new KubeClient({ connection });
  }, 180_000);
  afterAll(async () => {
    await connection?.close();
    await api?.stop();
  });

  const ref = (name: string) => ({ namespace: 'default', name });
  const make = async (name: string): Promise<KubeObject> =>
    await kube.create(CONFIG_MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...ref(name), finalizers: [THEIRS, OURS] },
    });
  const drop = async (object: KubeObject): Promise<boolean> =>
    await dropFinalizer(kube, CONFIG_MAPS, object, OURS, signal);
  const finalizers = async (name: string) => (await kube.get(CONFIG_MAPS, ref(name))).metadata.finalizers;
  const change = async (name: string, body: object): Promise<unknown> =>
    await kube.patch(CONFIG_MAPS, ref(name), { type: 'merge', body });

  it('goes in one request, though the object was written meanwhile', async () => {
    const cached = await make('written');
    await change('written', { data: { a: '1' } });
    expect(await drop(cached)).toBe(true);
    expect(await finalizers('written')).toEqual([THEIRS]);
  });

  it('is left alone when the finalizers are others than the cache has', async () => {
    const cached = await make('others');
    await change('others', { metadata: { finalizers: [OURS] } });
    expect(await drop(cached)).toBe(false);
    expect(await finalizers('others')).toEqual([OURS]);
  });

  it('is left alone on an object that was made anew under the name', async () => {
    const cached = await make('anew');
    await change('anew', { metadata: { finalizers: [] } });
    await kube.delete(CONFIG_MAPS, ref('anew'));
    await make('anew');
    expect(await drop(cached)).toBe(false);
    expect(await finalizers('anew')).toEqual([THEIRS, OURS]);
  });

  it('is gone with its object', async () => {
    const cached = await make('gone');
    await change('gone', { metadata: { finalizers: [] } });
    await kube.delete(CONFIG_MAPS, ref('gone'));
    expect(await drop(cached)).toBe(true);
  });
});
