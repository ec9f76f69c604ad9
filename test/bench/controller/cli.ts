import { say } from '../../cluster/progress.ts';
import { ensureTools } from '../../cluster/toolchain/ensure-tool.ts';
import { writeReport } from '../../report/report.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { controllerRuntime, meetrec, WORKERS } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { figuresOf } from './figures.ts';
import { oneRun } from './one-run.ts';
import type { RunResult } from './one-run.ts';
import { benchOptions, USAGE } from './options.ts';
import type { BenchOptions } from './options.ts';

const METHOD = `Both sides work on ${WORKERS} recordings at once, without a limit of requests a second. Each run has an API
server, an etcd and a kwok of its own, on the same machine. An observer with its own watches takes the times. CPU and peak
RSS are of the controller's process, before and after a restart in the middle; calls are from the API server's audit log.`;

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  await ensureTools(['etcd', 'kube-apiserver', 'kwok', 'bench-controller']);
  await using folder = await tempDirectory('bench-controller-bundle');
  const contenders = [await meetrec(folder.path), await controllerRuntime()].filter(
    ({ name }) => options.only === undefined || name === options.only,
  );
  const runs: RunResult[] = [];
  for (const objects of options.objects) {
    const times = objects > 1000 ? options.largeRuns : options.runs;
    for (let run = 1; run <= times; run++)
      for (const contender of contenders) runs.push(await measure(contender, objects, options));
  }
  const figures = figuresOf(runs);
  for (const [name, value] of Object.entries(figures)) say(`  ${name.padEnd(24)} ${value}`);
  const report = await writeReport('bench-controller', {
    startedAt,
    figures,
    details: { options, method: METHOD.replaceAll('\n', ' '), runs },
    versions: { 'controller-runtime': 'v0.22.4', kubernetes: 'v1.34.4', kwok: 'v0.8.0' },
  });
  say(`${report} has every run.`);
}

async function measure(
  contender: Contender,
  objects: number,
  { keepLogs }: BenchOptions,
): Promise<RunResult> {
  const result = await oneRun(contender, objects, keepLogs);
  const { recordingSeconds, completedSeconds, createdToPod, podToStatus, apiCalls } = result;
  const parts = [
    `all Recording ${recordingSeconds.toFixed(1)} s`,
    `all Completed ${completedSeconds.toFixed(1)} s`,
    `created to pod p50 ${createdToPod.p50.toFixed(3)} p99 ${createdToPod.p99.toFixed(3)} s`,
    `pod to status p50 ${podToStatus.p50.toFixed(3)} p99 ${podToStatus.p99.toFixed(3)} s`,
    `restart ${result.restartSeconds.toFixed(2)} s`,
    `CPU ${result.cpuSeconds.toFixed(1)} s`,
    `peak RSS ${result.peakRssMb.toFixed(0)} MB`,
    `${apiCalls.total} calls`,
  ];
  say(`${contender.name}, ${objects} recordings: ${parts.join(', ')}`);
  return result;
}

function parse(): BenchOptions | undefined {
  try {
    const options = benchOptions(process.argv.slice(2));
    if (options !== 'help') return options;
    process.stdout.write(USAGE);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
  }
  return undefined;
}

const options = parse();
if (options) await bench(options);
