import { parseArgs } from 'node:util';

export const USAGE = `Records a meeting on a real cluster, from the REST call to a verified MP4.

  make demo                        a cluster of its own, kept for a look around afterwards
  make demo ARGS='--seconds 60'    a longer meeting
  KUBECONFIG=FILE make demo        on a cluster that runs already (its nodes must have the images of \`make images\`)
  make demo-clean                  removes the demo's cluster

  --seconds N   how long the meeting runs once its media has come (default 15)
  --clean       remove the demo's cluster and stop
  --help`;

export interface DemoOptions {
  readonly seconds: number;
  readonly clean: boolean;
  readonly help: boolean;
  /** A cluster that runs already; without one the demo brings up its own. */
  readonly kubeconfig: string | undefined;
}

/** Throws with a message for the user when the arguments make no sense. */
export function demoOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '15' },
      clean: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3600) {
    throw new Error(`--seconds takes a whole number from 1 to 3600, not ${values.seconds}`);
  }
  return { seconds, clean: values.clean, help: values.help, kubeconfig: env['KUBECONFIG'] || undefined };
}
