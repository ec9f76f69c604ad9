/** One thing that `make test` runs: a command whose exit code counts, or a vitest project whose tests do. */
export interface Stage {
  readonly name: string;
  readonly group: 'check' | 'unit' | 'integration' | 'e2e';
  readonly command: readonly string[];
  /** A vitest run: its tests are counted one by one, from the report that it leaves. */
  readonly vitest?: boolean;
}

export const GROUPS = ['check', 'unit', 'integration', 'e2e'] as const;

const vitest = (group: 'unit' | 'integration' | 'e2e'): Stage => ({
  name: group,
  group,
  command: ['vitest', 'run', '--project', group],
  vitest: true,
});

/** In the order in which they run: what is quick to fail goes first. */
export const STAGES: readonly Stage[] = [
  { name: 'types', group: 'check', command: ['tsc', '--project', '.'] },
  { name: 'lint', group: 'check', command: ['oxlint', '--type-aware', '--deny-warnings', '.'] },
  { name: 'format', group: 'check', command: ['prettier', '--log-level', 'warn', '--check', '.'] },
  { name: 'folder rule', group: 'check', command: ['depcruise', 'operator', 'recorder-image'] },
  { name: 'unused exports and dependencies', group: 'check', command: ['knip', '--no-progress'] },
  vitest('unit'),
  vitest('integration'),
  vitest('e2e'),
];
