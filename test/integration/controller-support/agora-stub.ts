import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Stubbed {
  id: string;
  name: string;
  channel: string;
  rtmpUrl: string;
}

/** The REST side of Agora's Media Push, for tests of who calls it and when; it pushes nothing. */
export class AgoraStub implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  #lastId = 0;
  readonly converters = new Map<string, Stubbed>();
  /** Every converter that was ever made. */
  readonly everMade: Stubbed[] = [];
  /** What was asked, in order: for the message of a test that fails. */
  readonly asked: string[] = [];
  /** Answers instead of doing what it is asked. */
  refuse: ((method: string) => { status: number; body: object } | undefined) | undefined;
  /** Which requests are never answered. */
  hangs: (method: string) => boolean = () => false;
  #hanging = 0;
  #gaveUp = false;
  /** How many were not answered at a time, before the first caller gave up. */
  mostHanging = 0;
  /** Called with the RTMP URL of each converter that is made. */
  onPush: (rtmpUrl: string) => void = () => undefined;

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = request.method ?? '';
    this.asked.push(`${new Date().toISOString()} ${method} ${request.url ?? ''}`);
    if (this.hangs(method)) return await this.#hang(response);
    const refusal = this.refuse?.(method);
    if (refusal) return send(response, refusal.status, refusal.body);
    const path = new URL(request.url ?? '/', 'http://stub').pathname;
    const id = /rtmp-converters\/([^/]+)$/.exec(path)?.[1];
    if (method === 'POST') return this.#create(Buffer.concat(chunks).toString(), response);
    if (method === 'GET' && id === undefined) return this.#list(response);
    const known = this.converters.get(id ?? '');
    if (!known) return send(response, 404, { message: 'not found' });
    if (method === 'DELETE') this.converters.delete(known.id);
    if (method === 'PATCH') this.#update(known, Buffer.concat(chunks).toString());
    return send(response, 200, { id: known.id, name: known.name, state: 'running' });
  }

  async #hang(response: ServerResponse): Promise<void> {
    this.#hanging += 1;
    if (!this.#gaveUp) this.mostHanging = Math.max(this.mostHanging, this.#hanging);
    await once(response, 'close');
    this.#hanging -= 1;
    this.#gaveUp = true;
  }

  #update(known: Stubbed, body: string): void {
    known.rtmpUrl = (JSON.parse(body) as { converter: { rtmpUrl: string } }).converter.rtmpUrl;
    this.onPush(known.rtmpUrl);
  }

  #create(body: string, response: ServerResponse): void {
    const { converter } = JSON.parse(body) as {
      converter: { name: string; rtmpUrl: string; transcodeOptions: { rtcChannel: string } };
    };
    if ([...this.converters.values()].some(({ name }) => name === converter.name))
      return send(response, 409, { message: 'name exists' });
    const made = {
      id: `converter-${++this.#lastId}`,
      name: converter.name,
      channel: converter.transcodeOptions.rtcChannel,
      rtmpUrl: converter.rtmpUrl,
    };
    this.converters.set(made.id, made);
    this.everMade.push(made);
    this.onPush(made.rtmpUrl);
    const fields = { id: made.id, createTs: 1, updateTs: 1, state: 'connecting' };
    return send(response, 200, { converter: fields, fields: 'id,createTs,updateTs,state' });
  }

  #list(response: ServerResponse): void {
    const members = [...this.converters.values()].map(({ id, name, channel, rtmpUrl }) => ({
      rtcChannel: channel,
      status: '1',
      converterName: name,
      converterId: id,
      updateTs: '1',
      create: '1',
      appId: 'app',
      rtmpUrl,
      idleTimeout: '300',
      state: 'running',
    }));
    send(response, 200, { success: true, data: { total_count: members.length, cursor: 0, members } });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'stub' });
  response.end(JSON.stringify(body));
}
