import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { TempDirectory } from '../../support/temp-directory.ts';
import type { KubeApi } from '../../support/kube-api.ts';

/**
 * Stands between a controller and the outside world (the API server and, under /agora, Agora), and counts writes. After
 * the n-th has been carried out, its answer is withheld and `onFault` called: a controller killed then has done n writes
 * and knows of n - 1.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #api: KubeApi;
  readonly #token: string;
  readonly #agoraUrl: string;
  readonly #server = createServer((request, response) => {
    this.#forward(request, response).catch(() => response.destroy());
  });
  #folder: TempDirectory | undefined;
  #ca: Buffer | undefined;
  /** What was written so far, as METHOD PATH. */
  readonly writes: string[] = [];
  /** Every request to the API server, as METHOD and path with its query. */
  readonly requests: [method: string, path: string][] = [];
  /** The same for Agora. */
  readonly agoraRequests: [method: string, path: string][] = [];
  /** Requests for which there was no right. */
  readonly refused: string[] = [];
  readonly #faultAfter: number | undefined;
  readonly #onFault: () => void;

  constructor(options: {
    api: KubeApi;
    token: string;
    agoraUrl: string;
    faultAfter?: number;
    onFault?: () => void;
  }) {
    this.#api = options.api;
    this.#token = options.token;
    this.#agoraUrl = options.agoraUrl;
    this.#faultAfter = options.faultAfter;
    this.#onFault = options.onFault ?? (() => undefined);
  }

  /** The environment of a controller that is to go through the proxy. */
  async listen(): Promise<NodeJS.ProcessEnv> {
    this.#ca = await readFile(this.#api.certificateAuthority);
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#folder = await tempDirectory('fault-proxy');
    const kubeconfig = join(this.#folder.path, 'kubeconfig');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: this.#token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    return { KUBECONFIG: kubeconfig, AGORA_REST_API_BASE_URL: `${url}/agora` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    await this.#folder?.[Symbol.asyncDispose]();
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const requests = path.startsWith('/agora/') ? this.agoraRequests : this.requests;
    requests.push([request.method ?? '', path]);
    const answer = await this.#send(request, path);
    if (answer.statusCode === 403) this.refused.push(`${request.method} ${path}`);
    const counts = request.method !== 'GET' && !path.includes('/events') && !path.includes('/leases');
    if (counts && (answer.statusCode ?? 500) < 300) {
      this.writes.push(`${request.method} ${path.replace(/\?.*/, '')}`);
      if (this.writes.length === this.#faultAfter) {
        this.#onFault();
        response.destroy();
        return;
      }
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    response.on('close', () => answer.destroy());
    answer.pipe(response);
  }

  async #send(request: IncomingMessage, path: string): Promise<IncomingMessage> {
    const { method, headers } = request;
    const agora = path.startsWith('/agora/');
    const upstream = agora
      ? httpRequest(this.#agoraUrl + path.slice('/agora'.length), { method, headers })
      : httpsRequest(this.#api.server + path, { method, headers, ca: this.#ca });
    request.pipe(upstream);
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    return answer;
  }
}
