import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecorderState, RecorderStatus } from '../../../recorder-image/contract/status.ts';

/** What one recorder says, and who waits for it to say something new. */
interface Recorder {
  readonly name: string;
  state: RecorderState;
  version: number;
  readonly waiting: Set<() => void>;
}

/**
 * The HTTP side of every recorder that kwok pretends to run. Their pods have loopback addresses of their own, and one
 * server answers for them all: each records from the first moment on, and changes only when it is told to.
 */
export class Recorders implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #startedAt = new Date().toISOString();
  readonly #byName = new Map<string, Recorder>();
  readonly #byAddress = new Map<string, Recorder>();
  /** Requests to addresses of which nobody has told yet whose they are. */
  readonly #strangers = new Map<string, (() => void)[]>();

  /** Resolves with the port. */
  async listen(): Promise<number> {
    this.#server.on('connection', (socket) => {
      if (!/^(::ffff:)?127\./.test(socket.localAddress ?? '')) socket.destroy();
    });
    this.#server.keepAliveTimeout = 120_000;
    // Every loopback address, which is what no address means here.
    this.#server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 });
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The recording's pod has this address. */
  settle(name: string, address: string): void {
    if (this.#byAddress.get(address)?.name === name) return;
    const recorder = this.#byName.get(name) ?? { name, state: 'recording', version: 1, waiting: new Set() };
    this.#byName.set(name, recorder);
    this.#byAddress.set(address, recorder);
    for (const wake of this.#strangers.get(address) ?? []) wake();
    this.#strangers.delete(address);
  }

  /** The recording's pod has gone, and another may get its address. */
  leave(name: string, address: string): void {
    this.#byName.delete(name);
    if (this.#byAddress.get(address)?.name === name) this.#byAddress.delete(address);
  }

  /** Puts a recorder into another state, and tells whoever waits for that. */
  change(name: string, state: RecorderState): void {
    const recorder = this.#byName.get(name);
    if (!recorder) throw new Error(`There is no recorder of ${name}`);
    recorder.state = state;
    recorder.version++;
    for (const wake of recorder.waiting) wake();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URLSearchParams((request.url ?? '').split('?')[1]);
    const recorder = await this.#recorderAt(request.socket.localAddress ?? '');
    if (Number(query.get('after') ?? 0) >= recorder.version) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Number(query.get('wait') ?? 0) * 1000);
      response.on('close', resolve);
      recorder.waiting.add(resolve);
      await promise;
      recorder.waiting.delete(resolve);
      clearTimeout(timer);
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(this.#status(recorder)));
  }

  /** The controller may have seen the pod before the observer has. */
  async #recorderAt(address: string): Promise<Recorder> {
    for (;;) {
      const recorder = this.#byAddress.get(address);
      if (recorder) return recorder;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#strangers.set(address, [...(this.#strangers.get(address) ?? []), resolve]);
      await promise;
    }
  }

  #status({ name, state, version }: Recorder): RecorderStatus {
    return {
      recordingId: name,
      state,
      version,
      startedAt: this.#startedAt,
      durationSeconds: 1,
      bytesReceived: 1,
      bytesUploaded: 0,
      bytesSpooled: 1,
      bytesFree: 1e9,
      bitrateKbps: 2000,
      fps: 30,
      takes: 1,
    };
  }
}
