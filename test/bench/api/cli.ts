import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { writeReport } from '../../report/report.ts';
import { percentile } from './load.ts';
import type { PhaseResult } from './phase.ts';
import { round } from './phase.ts';
import { scenario } from './scenario.ts';
import type { ScenarioResult } from './scenario.ts';

const USAGE = `Drives the API with a real Kubernetes API, database and S3 behind it, and writes out/bench-api/report.json.
The API's process is kept to one core, and everything else to another: the driver, the Kubernetes API server, etcd, the
database and S3, which then share it.

  --runs N       how often all of it is done; the figures are medians (3)
  --meetings N   how many meetings are started and stopped (200)
  --reads N      how many requests of each kind that only reads (2000)
  --at-once N    how many requests are under way at a time (4)
  --cpu N        which core the API is kept to (0)
  --others N     which core everything else is kept to; none: any (1)
  --profile DIR  have the API write a profile of its CPU there, which slows it down
  --help`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '3' },
      meetings: { type: 'string', default: '200' },
      reads: { type: 'string', default: '2000' },
      'at-once': { type: 'string', default: '4' },
      cpu: { type: 'string', default: '0' },
      others: { type: 'string', default: '1' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const startedAt = new Date().toISOString();
  const options = {
    meetings: Number(values.meetings),
    reads: Number(values.reads),
    atOnce: Number(values['at-once']),
    cpu: Number(values.cpu),
    profileFolder: values.profile,
  };
  if (values.others !== 'none') await keepTo(values.others);
  const runs: ScenarioResult[] = [];
  for (let run = 1; run <= Number(values.runs); run += 1) {
    console.log(`run ${run}`);
    runs.push(await scenario({ ...options, onPhase: say }));
  }
  const figures = figuresOf(runs);
  const report = await writeReport('bench-api', { startedAt, figures, details: { options, runs } });
  console.log(`${JSON.stringify(figures, null, 2)}\n${report} has every run.`);
}

/** This process, and those that it starts from now on. */
async function keepTo(cpu: string): Promise<void> {
  await promisify(execFile)('taskset', ['-acp', cpu, String(process.pid)]);
}

function say(result: PhaseResult): void {
  const { name, p50Ms, p99Ms, requestsPerSecond, errors, cpu, loopLagP99Ms, gcShare, dependencyShares } =
    result;
  console.log(
    `  ${name.padEnd(9)} p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${requestsPerSecond}/s, ${errors} errors, ` +
      `cpu ${cpu}, loop lag p99 ${loopLagP99Ms} ms, gc ${gcShare}, ${JSON.stringify(dependencyShares)}`,
  );
}

function figuresOf(runs: readonly ScenarioResult[]): Record<string, number> {
  const median = (pick: (result: ScenarioResult) => number): number => percentile(runs.map(pick), 0.5);
  const of = (name: string, figure: 'p50Ms' | 'p99Ms' | 'requestsPerSecond'): number =>
    median(({ phases }) => phases.find((phase) => phase.name === name)?.[figure] ?? Number.NaN);
  const total = (phases: readonly PhaseResult[], figure: 'errors' | 'requests' | 'seconds'): number =>
    phases.reduce((sum, phase) => sum + phase[figure], 0);
  return {
    startP50Ms: of('start', 'p50Ms'),
    startP99Ms: of('start', 'p99Ms'),
    statusP50Ms: of('status', 'p50Ms'),
    statusP99Ms: of('status', 'p99Ms'),
    stopP50Ms: of('stop', 'p50Ms'),
    stopP99Ms: of('stop', 'p99Ms'),
    listP50Ms: of('list', 'p50Ms'),
    listP99Ms: of('list', 'p99Ms'),
    downloadP50Ms: of('download', 'p50Ms'),
    downloadP99Ms: of('download', 'p99Ms'),
    statusRequestsPerSecond: of('status', 'requestsPerSecond'),
    errors: runs.reduce((sum, { phases }) => sum + total(phases, 'errors'), 0),
    requestsPerSecond: round(median(({ phases }) => total(phases, 'requests') / total(phases, 'seconds'))),
    residentMb: median(({ residentMb }) => residentMb),
  };
}

if (import.meta.main) await main();
