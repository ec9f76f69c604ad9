import { parseArgs } from 'node:util';
import { down, isRunning, up } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';
import { bundle, bundleNames } from './images/bundle.ts';
import { buildImages } from './images/images.ts';
import { CommandError } from './run-command.ts';
import { ensureTools } from './toolchain/ensure-tool.ts';
import { WaitTimeoutError } from '../support/wait-for.ts';
import { MissingPackagesError } from './toolchain/packages.ts';
import { toolNames } from './toolchain/tools.ts';

const HELP = `Usage: node test/cluster/cli.ts COMMAND [OPTIONS]

  up        bring a cluster up: kind where a Docker engine answers, else two nodes on this machine
  down      remove it, leaving nothing behind
  status    say whether it runs (exit code 0 when it does)
  images    bundle the programs and build the images that have changed; prints image and reference
  bundle    bundle the programs into out/bundle
  tools     build the programs that clusters and tests need into the cache

  --name NAME        up, down, status: the cluster's name (meetrec)
  --kubeconfig FILE  up: where the kubeconfig is written (out/cluster-NAME/kubeconfig)
  --load NAME        images: load them into every node of this cluster
  --help
`;

const options = {
  name: { type: 'string', default: 'meetrec' },
  kubeconfig: { type: 'string' },
  load: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const { name, kubeconfig, load } = values;
  const [command = 'help'] = positionals;
  switch (values.help ? 'help' : command) {
    case 'up':
      await up(kubeconfig === undefined ? { name } : { name, kubeconfig });
      break;
    case 'down':
      await down({ name });
      break;
    case 'status': {
      const running = await isRunning({ name });
      console.log(`cluster ${name}: ${running ? 'running' : 'not running'}`);
      process.exitCode = running ? 0 : 1;
      break;
    }
    case 'images':
      print(await buildImages(load === undefined ? {} : { load }));
      break;
    case 'bundle':
      for (const image of bundleNames) console.log(await bundle(image));
      break;
    case 'tools':
      print(await ensureTools(toolNames));
      break;
    case 'help':
      console.log(HELP);
      break;
    default:
      console.error(`unknown command ${command}\n\n${HELP}`);
      process.exitCode = 2;
  }
}

function print(table: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(table)) console.log(`${name.padEnd(24)} ${value}`);
}

/** What the caller can do something about needs no stack trace. */
function isExpected(error: unknown): error is Error {
  if (error instanceof ClusterError || error instanceof CommandError) return true;
  if (error instanceof MissingPackagesError || error instanceof WaitTimeoutError) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

try {
  await main();
} catch (error) {
  if (!isExpected(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
