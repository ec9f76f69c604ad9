import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Converters } from '../converters.ts';
import type { Faults, RestOperation } from '../faults.ts';
import type { SimulatorOptions } from '../options.ts';
import { RateLimit } from './rate-limit.ts';
import type { RequestLog } from './request-log.ts';

const RATE_LIMITED = new Set<RestOperation>(['create', 'delete', 'get']);

export interface GateOptions {
  simulator: SimulatorOptions;
  faults: Faults;
  converters: Converters;
  log: RequestLog;
}

/** What every request passes before it is looked at: request id, credentials, project, rate, arranged faults. */
export class Gate {
  readonly #options: GateOptions;
  readonly #perProject: RateLimit;
  readonly #perConverter = new RateLimit(2);
  readonly #perAccount = new RateLimit(20);

  constructor(options: GateOptions) {
    this.#options = options;
    this.#perProject = new RateLimit(options.simulator.requestsPerSecond);
  }

  for(operation: RestOperation): RequestHandler {
    return (request, response, next) => {
      const requestId = request.get('X-Request-ID') ?? randomUUID();
      response.set('X-Request-ID', requestId);
      const place = this.#placeOf(request);
      response.once('close', () => {
        const { statusCode: status, writableFinished } = response;
        const converterId = response.get('X-Resource-ID');
        const at = new Date().toISOString();
        this.#options.log.add({
          at,
          operation,
          status: writableFinished ? status : 0,
          requestId,
          converterId,
          ...place,
        });
      });

      const refused = this.#refusal(operation, request);
      if (refused !== undefined) {
        response.status(refused.status).json({ message: refused.message });
        return;
      }
      if (!this.#misbehave(operation, place, response)) next();
    };
  }

  #refusal(operation: RestOperation, request: Request): { status: number; message: string } | undefined {
    const { simulator } = this.#options;
    const expected = Buffer.from(`${simulator.customerId}:${simulator.customerSecret}`).toString('base64');
    if (!isSame(request.get('Authorization') ?? '', `Basic ${expected}`)) {
      return { status: 401, message: 'Invalid authentication credentials' };
    }
    if (request.params['appId'] !== simulator.appId) {
      return { status: 403, message: 'Media Push is not enabled for this project' };
    }
    const tooMany = { status: 429, message: 'Too many requests: rate limit exceeded' };
    if (RATE_LIMITED.has(operation) && !this.#perProject.allows(operation)) return tooMany;
    if (operation === 'update' && !this.#perConverter.allows(String(request.params['id']))) return tooMany;
    if (operation === 'users' && !this.#perAccount.allows(operation)) return tooMany;
    return undefined;
  }

  /** Whether the answer, or its absence, has been arranged. */
  #misbehave(
    operation: RestOperation,
    place: { name?: string; channel?: string },
    response: Response,
  ): boolean {
    const fault = this.#options.faults.takeRest(operation, place);
    switch (fault?.kind) {
      case undefined:
        break;
      case 'status':
        response.status(fault.status).json({ message: fault.message });
        return true;
      case 'garbage':
        response.status(200).type('html').send('<html>it works</html>');
        return true;
      case 'hang':
        if (fault.seconds !== undefined) {
          const timer = setTimeout(() => response.destroy(), fault.seconds * 1000);
          response.once('close', () => clearTimeout(timer));
        }
        return true;
      case 'done-but-504':
        response.locals['answerWith504'] = true;
    }
    return false;
  }

  #placeOf(request: Request): { name?: string; channel?: string } {
    const id = request.params['id'];
    const converter = typeof id === 'string' ? this.#options.converters.find(id) : undefined;
    const body = request.body as { converter?: Record<string, unknown> } | undefined;
    const options = (body?.converter?.['transcodeOptions'] ?? body?.converter?.['rawOptions']) as
      { rtcChannel?: unknown } | undefined;
    const name = converter?.name ?? body?.converter?.['name'];
    const channel = converter?.channel ?? options?.rtcChannel ?? request.params['channel'];
    return {
      ...(typeof name === 'string' && { name }),
      ...(typeof channel === 'string' && { channel }),
    };
  }
}

function isSame(actual: string, expected: string): boolean {
  const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
