import { Agent, buildConnector, fetch } from 'undici';
import type { RequestInit, Response } from 'undici';

/**
 * Fetches a URL as it stands, Host header and signature included, over a connection to a port of 127.0.0.1:
 * what `curl --connect-to` does. So a presigned URL of a server inside the cluster works through a port-forward.
 */
export async function fetchThrough(port: number, url: string, init: RequestInit = {}): Promise<Response> {
  const connect = buildConnector({});
  const dispatcher = new Agent({
    connect: (options, callback) => {
      connect({ ...options, hostname: '127.0.0.1', port: String(port) }, callback);
    },
  });
  return await fetch(url, { ...init, dispatcher });
}
