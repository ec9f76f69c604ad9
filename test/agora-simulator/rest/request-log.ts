import type { RestOperation } from '../faults.ts';

/** One answered request, for `GET /control/requests`; a hung one has status 0. */
export interface LoggedRequest {
  at: string;
  operation: RestOperation;
  status: number;
  requestId: string;
  name?: string | undefined;
  channel?: string | undefined;
  converterId?: string | undefined;
}

const KEPT = 1000;

export class RequestLog {
  readonly #requests: LoggedRequest[] = [];

  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > KEPT) this.#requests.shift();
  }
}
