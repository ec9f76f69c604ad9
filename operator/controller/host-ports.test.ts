import { describe, expect, it } from 'vitest';
import { HostPorts } from './host-ports.ts';
import type { Pod } from './kube-objects.ts';

const podWith = (name: string, hostPort: number): Pod => ({
  metadata: { name },
  spec: { containers: [{ name: 'recorder', ports: [{ name: 'rtmp', containerPort: 1935, hostPort }] }] },
});

describe('ports of nodes', () => {
  it('takes a free one first, also where the pods of those before are not seen yet', () => {
    const ports = new HostPorts({ range: [20_000, 20_002], pods: () => [podWith('a-1', 20_000)] });
    expect(ports.choose('b-1')).toBe(20_001);
    expect(ports.choose('c-1')).toBe(20_002);
    expect(ports.choose('b-1')).toBe(20_001);
  });

  it('shares the least used one when all are taken: the scheduler finds another node', () => {
    const pods = [podWith('a-1', 20_000), podWith('b-1', 20_001), podWith('c-1', 20_000)];
    const ports = new HostPorts({ range: [20_000, 20_001], pods: () => pods });
    expect(ports.choose('d-1')).toBe(20_001);
  });

  it('gives back what is not used any more', () => {
    const pods: Pod[] = [];
    const ports = new HostPorts({ range: [20_000, 20_009], pods: () => pods });
    expect(ports.choose('a-1')).toBe(20_000);
    pods.push(podWith('a-1', 20_000));
    expect(ports.choose('b-1')).toBe(20_001);
    pods.pop();
    ports.forget('a-1');
    expect(ports.choose('c-1')).toBe(20_000);
  });

  it('gives back those of a recording whose pods never came to be', () => {
    const ports = new HostPorts({ range: [20_000, 20_009], pods: () => [] });
    expect(['a-1', 'a-2', 'a-1-1'].map((name) => ports.choose(name))).toEqual([20_000, 20_001, 20_002]);
    ports.forgetAllOf('a');
    expect(['b-1', 'c-1', 'd-1'].map((name) => ports.choose(name))).toEqual([20_000, 20_001, 20_003]);
  });
});
