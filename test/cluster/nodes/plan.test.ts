import { describe, expect, it } from 'vitest';
import { ClusterError } from '../cluster-error.ts';
import { firstFree } from './cluster-index.ts';
import { MAX_CLUSTERS, planCluster } from './plan.ts';
import type { ClusterPlan } from './plan.ts';

const plan = (name: string, index: number): ClusterPlan =>
  planCluster({ name, index, stateDirectory: '/state' });

describe('a cluster plan', () => {
  it('gives clusters of different indexes nothing in common', () => {
    const taken = (one: ClusterPlan): string[] => [
      one.bridge,
      one.hostAddress,
      one.loopbackAddress,
      one.podRange,
      one.serviceRange,
      one.directory,
      one.cgroup,
      ...one.nodes.flatMap((node) => [
        node.name,
        node.address,
        node.podRange,
        node.hostInterface,
        node.cgroup,
      ]),
    ];
    const all = Array.from({ length: MAX_CLUSTERS }, (_, index) =>
      taken(plan(`cluster-${index}`, index)),
    ).flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it("keeps interfaces' names within the kernel's 15 characters", () => {
    const last = plan('cluster', MAX_CLUSTERS - 1);
    for (const name of [last.bridge, ...last.nodes.map((node) => node.hostInterface)]) {
      expect(name.length).toBeLessThanOrEqual(15);
    }
  });

  it.each(['', 'Demo', '1st', 'a/b', '../up', 'x'.repeat(31)])('refuses %j as a name', (name) => {
    expect(() => plan(name, 0)).toThrow(ClusterError);
  });
});

describe('the index of a new cluster', () => {
  it('is the lowest that no cluster and nothing on the machine has', () => {
    expect(firstFree(new Set(), () => false)).toBe(0);
    expect(firstFree(new Set([0, 1, 3]), () => false)).toBe(2);
    expect(firstFree(new Set([0]), (index) => index === 1)).toBe(2);
  });

  it('is refused when all are taken', () => {
    expect(() => firstFree(new Set(), () => true)).toThrow('take one down first');
  });
});
