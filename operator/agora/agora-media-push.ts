import { AgoraBadResponseError, AgoraRejectedError, AgoraUnavailableError } from './agora-error.ts';
import { AgoraRequests } from './agora-requests.ts';
import type { Converter, MediaPush, PushChanges, PushRequest, Region } from './converter.ts';
import { createBody, updateBody } from './create-body.ts';
import type { AgoraRequest, Reply } from './exchange.ts';
import type { AgoraMediaPushOptions, AgoraOperation } from './options.ts';
import { converterResponse, listResponse } from './responses.ts';

export type { AgoraMediaPushOptions } from './options.ts';

/** A project's quota is a few hundred pushes: more pages than this means a cursor that runs in circles. */
const MOST_PAGES = 200;

/** Media Push by Agora's REST API ("rtmp-converters"). */
export class AgoraMediaPush implements MediaPush {
  readonly #options: AgoraMediaPushOptions;
  readonly #requests: AgoraRequests;

  constructor(options: AgoraMediaPushOptions) {
    this.#options = options;
    this.#requests = new AgoraRequests(options);
  }

  async start(request: PushRequest, signal?: AbortSignal): Promise<Converter> {
    const created = await this.#create(request, signal);
    if (created !== undefined) return created;

    const existing = await this.findByName(request.name, request.channel, signal);
    if (existing === undefined) {
      throw new AgoraUnavailableError('Agora says that the push exists, but does not list it (create, 409)');
    }
    if (existing.state !== 'failed') return this.#adopt(request, existing, signal);

    // A failed converter never pushes again, and keeps its name from the next one.
    await this.stop(request.region, existing.id, signal);
    const replacement = await this.#create(request, signal);
    if (replacement !== undefined) return replacement;
    throw new AgoraUnavailableError('a failed push could not be replaced (create, 409)');
  }

  async stop(region: Region, converterId: string, signal?: AbortSignal): Promise<void> {
    await this.#requests.send(
      { operation: 'delete', method: 'DELETE', path: this.#path(region, converterId) },
      { signal, expected: [404] },
    );
  }

  async update(
    region: Region,
    converterId: string,
    changes: PushChanges,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#requests.send(
      {
        operation: 'update',
        method: 'PATCH',
        path: this.#path(region, converterId),
        query: { sequence },
        body: updateBody(changes),
        ...(changes.rtmpUrl !== undefined && { rtmpUrl: changes.rtmpUrl }),
      },
      { signal },
    );
  }

  async get(region: Region, converterId: string, signal?: AbortSignal): Promise<Converter | undefined> {
    const reply = await this.#requests.send(
      { operation: 'get', method: 'GET', path: this.#path(region, converterId) },
      { signal, expected: [404] },
    );
    return reply.status === 404 ? undefined : parseConverter('get', reply);
  }

  async findByName(name: string, channel?: string, signal?: AbortSignal): Promise<Converter | undefined> {
    const pages = this.#pages(channel, async (request) => this.#requests.send(request, { signal }));
    for await (const converter of pages) {
      if (converter.name === name) return converter;
    }
    return undefined;
  }

  list(signal?: AbortSignal): AsyncIterable<Converter> {
    return this.#pages(undefined, async (request) => this.#requests.send(request, { signal }));
  }

  /** Undefined when the name is taken. */
  async #create(request: PushRequest, signal?: AbortSignal): Promise<Converter | undefined> {
    const hint = this.#options.regionHintIp;
    const outcome = await this.#requests.send<{ found: Converter }>(
      {
        operation: 'create',
        method: 'POST',
        path: this.#path(request.region),
        ...(hint !== undefined && { query: { regionHintIp: hint } }),
        body: createBody(request),
        rtmpUrl: request.rtmpUrl,
      },
      { signal, expected: [409], settled: async (host) => this.#lookOnce(host, request, signal) },
    );
    if ('found' in outcome) return this.#adopt(request, outcome.found, signal);
    if (outcome.status === 409) return undefined;
    const converter = parseConverter('create', outcome);
    const hasLayout = request.layout !== undefined;
    return { ...converter, name: request.name, channel: request.channel, hasLayout, isNew: true };
  }

  /** The converter may be one of before: its pod, and so its address, may have been replaced since. */
  async #adopt(request: PushRequest, existing: Converter, signal?: AbortSignal): Promise<Converter> {
    const current =
      existing.rtmpUrl === request.rtmpUrl ? existing : await this.#move(request, existing, signal);
    if (request.layout === undefined) return current;
    // List does not tell whether its picture can be arranged.
    const known = await this.get(request.region, existing.id, signal);
    return { ...current, hasLayout: known?.hasLayout === true };
  }

  async #move(request: PushRequest, existing: Converter, signal?: AbortSignal): Promise<Converter> {
    // Seconds since 1970 grow from one controller to the next without anything being stored.
    const sequence = Math.floor((this.#options.now ?? Date.now)() / 1000);
    try {
      await this.update(request.region, existing.id, { rtmpUrl: request.rtmpUrl }, sequence, signal);
    } catch (error) {
      if (!(error instanceof AgoraRejectedError)) throw error;
      // Create took the same address: what was refused is the number, which is larger a second later.
      throw new AgoraUnavailableError('the push could not be sent to its new address (update, 400)');
    }
    return { ...existing, rtmpUrl: request.rtmpUrl };
  }

  /** Finds nothing, too, where List is no better off than Create was: the next try tells. */
  async #lookOnce(
    host: string,
    request: PushRequest,
    signal?: AbortSignal,
  ): Promise<{ found: Converter } | undefined> {
    const pages = this.#pages(request.channel, async (page) => this.#requests.tryOnce(host, page, signal));
    for await (const converter of pages) {
      if (converter.name === request.name && converter.state !== 'failed') return { found: converter };
    }
    return undefined;
  }

  async *#pages(
    channel: string | undefined,
    send: (request: AgoraRequest) => Promise<Reply | undefined>,
  ): AsyncIterable<Converter> {
    const within = channel === undefined ? '' : `/channels/${encodeURIComponent(channel)}`;
    const path = `/v1/projects/${encodeURIComponent(this.#options.appId)}${within}/rtmp-converters`;
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const reply = await send({
        operation: 'list',
        method: 'GET',
        path,
        ...(cursor !== undefined && { query: { cursor } }),
      });
      if (reply === undefined) return;
      const parsed = listResponse.safeParse(reply.body);
      if (!parsed.success) throw unreadable('list', reply);
      yield* parsed.data.members;
      cursor = parsed.data.cursor;
      if (cursor === '0' || cursor === '') return;
    }
    throw new AgoraBadResponseError("Agora's list does not end (list)");
  }

  #path(region: Region, converterId?: string): string {
    const all = `/${region}/v1/projects/${encodeURIComponent(this.#options.appId)}/rtmp-converters`;
    return converterId === undefined ? all : `${all}/${encodeURIComponent(converterId)}`;
  }
}

function parseConverter(operation: AgoraOperation, reply: Reply): Converter {
  const parsed = converterResponse.safeParse(reply.body);
  if (!parsed.success) throw unreadable(operation, reply);
  return parsed.data;
}

function unreadable(operation: AgoraOperation, reply: Reply): AgoraBadResponseError {
  const { status, requestId } = reply;
  return new AgoraBadResponseError(`Agora's answer cannot be read (${operation})`, {
    status,
    ...(requestId !== undefined && { requestId }),
  });
}
