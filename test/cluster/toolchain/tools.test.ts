import { describe, expect, it } from 'vitest';
import { distributionOf, toolNames } from './tools.ts';

describe('the table of tools', () => {
  it('names every program once', () => {
    expect(new Set(toolNames).size).toBe(toolNames.length);
  });

  it('finds the distribution that a program is built with', () => {
    expect(distributionOf('kubelet').name).toBe('kubernetes');
    expect(distributionOf('etcd').name).toBe('etcd');
  });
});
