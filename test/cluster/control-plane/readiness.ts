import { readFile } from 'node:fs/promises';
import { Agent, fetch } from 'undici';

export interface ApiServerAddress {
  /** `https://ADDRESS:PORT`. */
  readonly server: string;
  readonly certificateAuthorityFile: string;
  readonly token: string;
}

/** Asks `/readyz` once, for 5 s at most. Throws when the API server has no certificate yet or does not answer. */
export async function isApiServerReady(address: ApiServerAddress): Promise<boolean> {
  const ca = await readFile(address.certificateAuthorityFile, 'utf8');
  const dispatcher = new Agent({ connect: { ca } });
  try {
    const headers = { authorization: `Bearer ${address.token}` };
    const answer = await fetch(`${address.server}/readyz`, {
      dispatcher,
      headers,
      signal: AbortSignal.timeout(5000),
    });
    await answer.body?.cancel();
    return answer.ok;
  } finally {
    await dispatcher.destroy();
  }
}
