import { startChild, whileAlive } from '../support/child-process.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Kubectl } from './kubectl.ts';

export interface PortForward extends AsyncDisposable {
  /** The port on 127.0.0.1 that leads there. */
  readonly port: number;
}

/**
 * A way from this machine to a port of a pod or Service (`svc/NAME`), whatever cluster it is: through the API
 * server. A forward to a Service goes to one of its pods and ends with that pod.
 */
export async function portForward(kubectl: Kubectl, target: string, port: number): Promise<PortForward> {
  const [command, args] = kubectl.command('port-forward', '--address=127.0.0.1', target, `:${port}`);
  const name = `port-forward to ${target}`;
  const child = await startChild({ name, command, args });
  const local = await whileAlive(child, name, (signal) =>
    waitFor(() => /Forwarding from 127\.0\.0\.1:(\d+)/.exec(child.output())?.[1], {
      what: `kubectl to forward to ${target}`,
      signal,
    }),
  );
  return { port: Number(local), [Symbol.asyncDispose]: child.stop };
}
