import { readFile } from 'node:fs/promises';
import { waitFor } from '../../../support/wait-for.ts';

const LISTEN = '0A';

/** Returns once something listens on this port of any IPv4 address, without connecting to it. */
export async function listening(port: number, signal: AbortSignal): Promise<void> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  await waitFor(
    async () => {
      const table = await readFile('/proc/net/tcp', 'utf8');
      return table.split('\n').some((line) => {
        const [, address = '', , state] = line.trim().split(/\s+/);
        return address.endsWith(local) && state === LISTEN;
      });
    },
    { what: `port ${port}`, signal },
  );
}
