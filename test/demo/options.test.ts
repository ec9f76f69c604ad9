import { describe, expect, it } from 'vitest';
import { demoOptions } from './options.ts';

describe("the demo's options", () => {
  it('runs 15 seconds on a cluster of its own unless told otherwise', () => {
    expect(demoOptions([], {})).toEqual({ seconds: 15, clean: false, help: false, kubeconfig: undefined });
  });

  it('takes the cluster that KUBECONFIG names', () => {
    expect(demoOptions([], { KUBECONFIG: 'a/file' }).kubeconfig).toBe('a/file');
  });

  it.each(['0', '3601', '1.5', 'long'])('refuses --seconds %s and says what it takes', (seconds) => {
    expect(() => demoOptions(['--seconds', seconds], {})).toThrow('--seconds takes a whole number');
  });
});
