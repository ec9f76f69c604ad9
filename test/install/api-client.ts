import { fetch } from 'undici';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { ResponseCheck } from '../api-client/response-check.ts';
import { bearerToken } from './credentials.ts';

const responseCheck = new ResponseCheck(openApiDocument());

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // What a test expects of a body is for the test to say.
  readonly body: Record<string, unknown>;
}

/** A call that was made, for those who want to show it. */
export type OnCall = (call: {
  method: string;
  path: string;
  user: string;
  status: number;
  body: unknown;
}) => void;

/**
 * The REST API as a backend and its users call it: one client for each user. Every answer is held against the OpenAPI
 * document.
 */
export class ApiClient {
  readonly #baseUrl: string;
  readonly #user: { sub: string; scope?: string };
  readonly #onCall: OnCall;

  /** `baseUrl` without `/api/v1`. */
  constructor(options: { baseUrl: string; user: { sub: string; scope?: string }; onCall?: OnCall }) {
    this.#baseUrl = options.baseUrl;
    this.#user = options.user;
    this.#onCall = options.onCall ?? (() => undefined);
  }

  async call(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#baseUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await bearerToken(this.#user)}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    responseCheck.expect({
      method,
      path: `/api/v1${path.replace(/\?.*$/, '')}`,
      status: response.status,
      contentType: response.headers.get('content-type'),
      text,
    });
    const answer = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    this.#onCall({ method, path, user: this.#user.sub, status: response.status, body: answer });
    return { status: response.status, headers: response.headers, body: answer };
  }
}
