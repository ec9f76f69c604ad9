import { describe, expect, it } from 'vitest';
import { MissingPackagesError, parseInstalled } from './packages.ts';

describe('installed packages', () => {
  it('are those that dpkg calls installed, not those of which configuration is left', () => {
    const output = 'runc installed\nbuildah config-files\niproute2 installed\n';
    expect([...parseInstalled(output)]).toEqual(['runc', 'iproute2']);
  });

  it('are none on a machine without any', () => {
    expect(parseInstalled('').size).toBe(0);
  });
});

describe('the error about missing packages', () => {
  it('names them in a command that can be copied', () => {
    const error = new MissingPackagesError(['runc', 'buildah'], 'Only root can install packages');
    expect(error.message).toContain('Only root can install packages');
    expect(error.message).toContain('apt-get install runc buildah');
  });
});
