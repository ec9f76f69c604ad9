import { parseArgs } from 'node:util';
import { runStage } from './run-stage.ts';
import { GROUPS, STAGES } from './stages.ts';

const usage = `Runs the checks and tests of the project and closes with a line "N passed, N failed".

  node test/run/cli.ts [--only ${GROUPS.join('|')}]

The end-to-end tests bring up a cluster of their own, unless KUBECONFIG names one.`;

/** Runs the stages one after another, all of them even when one fails, so that one run tells everything. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const only = values.only ?? [...GROUPS];
  const unknown = only.filter((group) => !(GROUPS as readonly string[]).includes(group));
  if (unknown.length > 0) {
    console.error(`--only takes ${GROUPS.join(', ')}, not ${unknown.join(', ')}`);
    return 2;
  }
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());

  const rows: string[] = [];
  const failures: string[] = [];
  const total = { passed: 0, failed: 0 };
  for (const stage of STAGES.filter(({ group }) => only.includes(group))) {
    if (abort.signal.aborted) break;
    console.log(`\n==> ${stage.name}`);
    const began = performance.now();
    const { passed, failed, failures: said } = await runStage(stage, 'out/test', abort.signal);
    total.passed += passed;
    total.failed += failed;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    rows.push(`${stage.name.padEnd(32)} ${passed} passed, ${failed} failed  (${seconds} s)`);
    failures.push(...said.map((line) => `${stage.name}: ${line}`));
  }
  if (abort.signal.aborted) rows.push('interrupted: the stages that are missing here did not run');
  console.log(`\n${rows.join('\n')}\n`);
  if (failures.length > 0) console.log(`${failures.join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || total.passed === 0 || abort.signal.aborted ? 1 : 0;
}

process.exitCode = await main();
