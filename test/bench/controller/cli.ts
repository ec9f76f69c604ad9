import { join } from 'node:path';
import { checkout } from '../../cluster/images/build-context.ts';
import { say } from '../../cluster/progress.ts';
import { ensureTools } from '../../cluster/toolchain/ensure-tool.ts';
import { writeReport } from '../../report/report.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { burst } from './burst.ts';
import type { BurstResult } from './burst.ts';
import { changes } from './changes.ts';
import type { ChangesResult } from './changes.ts';
import { churn } from './churn.ts';
import type { ChurnResult } from './churn.ts';
import { controllerRuntime, meetrec, WORKERS } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { figuresOf } from './figures.ts';
import { GOALS } from './goals.ts';
import { burstLine, changesLine, churnLine, figureLines } from './lines.ts';
import { benchOptions, USAGE } from './options.ts';
import type { BenchOptions } from './options.ts';
import type { Spent } from './place.ts';
import { unlikeWork } from './shape.ts';

const METHOD = `Both sides work on ${WORKERS} recordings at once, without a limit of requests a second. Each run has an
API server, an etcd and a kwok of its own, on the same machine, whose processors all of them share: where those are used
up, the API server is what one waits for, and helpers tells what it, etcd, kwok and the bench itself have used. An
observer with its own watches takes the times. CPU and peak RSS are of the controller's process, until it has nothing
left to say: events, which both sides send beside their work, are in them and in the calls, which are from the API
server's audit log.`;

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date().toISOString();
  await ensureTools(['etcd', 'kube-apiserver', 'kwok', 'bench-controller']);
  await using folder = await tempDirectory('bench-controller-bundle');
  const profiles = options.profile ? join(checkout, 'out', 'bench-controller', 'profiles') : undefined;
  const contenders = [await meetrec(folder.path, profiles), await controllerRuntime()].filter(
    ({ name }) => options.side === undefined || name === options.side,
  );
  const small: BurstResult[] = [];
  const large: BurstResult[] = [];
  const churns: ChurnResult[] = [];
  const changed: ChangesResult[] = [];
  const has = new Set(options.parts);
  for (let run = 0; has.has('1k') && run < options.runs; run++)
    // Neither side is always the one that finds the machine as the bench's beginning has left it.
    for (const contender of run % 2 === 0 ? contenders : contenders.toReversed())
      small.push(await smallBurst(contender, options));
  for (const contender of contenders) {
    if (has.has('10k') || has.has('restart')) large.push(await largeBurst(contender, options));
  }
  for (const contender of contenders) if (has.has('churn')) churns.push(await oneChurn(contender, options));
  for (const contender of contenders)
    if (has.has('changes') && contender.name === 'meetrec')
      changed.push(await stateChanges(contender, options));

  const unlike = unlikeWork([...small, ...large, ...churns]);
  const figures = figuresOf({ small, large, churns, changes: changed });
  for (const line of figureLines(figures)) say(line);
  const report = await writeReport('bench-controller', {
    startedAt,
    figures,
    details: {
      options,
      method: METHOD.replaceAll('\n', ' '),
      goals: GOALS,
      unlike,
      bursts: [...small, ...large].map(withoutShapes),
      churns: churns.map(withoutShapes),
      changes: changed,
    },
    versions: { 'controller-runtime': 'v0.22.4', kubernetes: 'v1.34.4', kwok: 'v0.8.0' },
  });
  say(`${report} has every run.`);
  if (unlike.length === 0) return;
  say(
    `The two sides have not made the same objects, so their figures don't compare:\n  ${unlike.join('\n  ')}`,
  );
  process.exitCode = 1;
}

function withoutShapes<T extends Spent>(result: T): Omit<T, 'shapes'> {
  const { shapes: _, ...rest } = result;
  return rest;
}

async function smallBurst(contender: Contender, { small, keepLogs }: BenchOptions): Promise<BurstResult> {
  const result = await burst({ contender, objects: small, keepLogs, restarts: false, completes: true });
  say(burstLine(result));
  return result;
}

async function largeBurst(
  contender: Contender,
  { large, parts, keepLogs }: BenchOptions,
): Promise<BurstResult> {
  const [restarts, completes] = [parts.includes('restart'), parts.includes('10k')];
  const result = await burst({ contender, objects: large, keepLogs, restarts, completes });
  say(burstLine(result));
  return result;
}

async function oneChurn(contender: Contender, options: BenchOptions): Promise<ChurnResult> {
  const { live, rate, seconds } = options.churn;
  const objects = live + rate * seconds;
  const result = await churn({ contender, objects, keepLogs: options.keepLogs, churn: options.churn });
  say(churnLine(result));
  return result;
}

/** The other side has no slots. */
async function stateChanges(contender: Contender, options: BenchOptions): Promise<ChangesResult> {
  const { slots } = options.changes;
  const result = await changes({
    contender,
    objects: slots,
    keepLogs: options.keepLogs,
    changes: options.changes,
  });
  say(changesLine(result));
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
