import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kube/objects.ts';
import { Store } from './store.ts';
import type { Change } from './store.ts';

const object = (name: string, uid: string, version: number, label = 'x'): KubeObject => ({
  metadata: { namespace: 'ns', name, uid, resourceVersion: String(version), labels: { label } },
});

function setup() {
  const errors: unknown[] = [];
  const store = new Store<KubeObject>({
    onListenerError: (error) => errors.push(error),
    indexes: { label: ({ metadata }) => [metadata.labels?.['label'] ?? ''] },
  });
  const told: string[] = [];
  const show = (object: KubeObject | undefined) =>
    object && `${object.metadata.uid}@${object.metadata.resourceVersion}`;
  store.onChange(({ key, before, after }: Change<KubeObject>) =>
    told.push(`${key}: ${show(before) ?? '-'} → ${show(after) ?? '-'}`),
  );
  return { store, told, errors };
}

describe('the store', () => {
  it('tells an object that was made anew under its name as one that went and one that came', () => {
    const { store, told } = setup();
    store.replace([object('a', 'u1', 1)], true);
    store.replace([object('a', 'u2', 9)], false);
    expect(told).toEqual(['ns/a: - → u1@1', 'ns/a: u1@1 → -', 'ns/a: - → u2@9']);
  });

  it('takes no step back, and none on the spot', () => {
    const { store, told } = setup();
    store.put(object('a', 'u1', 99));
    store.put(object('a', 'u1', 98));
    store.put(object('a', 'u1', 99));
    store.put(object('a', 'u1', 100));
    expect(told).toEqual(['ns/a: - → u1@99', 'ns/a: u1@99 → u1@100']);
  });

  it('takes a whole list as the truth, also when it is older', () => {
    const { store } = setup();
    store.put(object('a', 'u1', 99));
    store.put(object('b', 'u2', 99));
    store.replace([object('a', 'u1', 7)], false);
    expect([...store.list()].map(({ metadata }) => metadata.resourceVersion)).toEqual(['7']);
  });

  it('takes the answer to a write of our own only for what it holds', () => {
    const { store } = setup();
    store.observe(object('gone', 'u1', 5));
    store.put(object('a', 'u1', 5));
    store.observe(object('a', 'u0', 6));
    expect(store.size).toBe(1);
    store.observe(object('a', 'u1', 6));
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('6');
  });

  it('tells a write of our own as such, and once', () => {
    const { store } = setup();
    store.put(object('a', 'u1', 5));
    const own: boolean[] = [];
    store.onChange((change) => own.push(change.own));
    store.observe(object('a', 'u1', 6));
    store.put(object('a', 'u1', 6));
    store.put(object('a', 'u1', 7));
    expect(own).toEqual([true, false]);
  });

  it('does not remove an object for the end of its predecessor', () => {
    const { store } = setup();
    store.put(object('a', 'u2', 5));
    store.remove(object('a', 'u1', 6));
    expect(store.size).toBe(1);
  });

  it('keeps its indexes', () => {
    const { store } = setup();
    store.put(object('a', 'u1', 1, 'x'));
    store.put(object('b', 'u2', 2, 'x'));
    store.put(object('a', 'u1', 3, 'y'));
    store.remove(object('b', 'u2', 4));
    expect(store.byIndex('label', 'x')).toEqual([]);
    expect(store.byIndex('label', 'y').map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  it('survives a listener that throws', () => {
    const { store, told, errors } = setup();
    store.onChange(() => {
      throw new Error('listener');
    });
    store.put(object('a', 'u1', 1));
    expect(told).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });
});
