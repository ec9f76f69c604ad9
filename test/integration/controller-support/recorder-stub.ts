import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { RecorderResult } from '../../../recorder-image/contract/result.ts';
import type {
  RecorderState,
  RecorderStatus,
  RecorderTermination,
} from '../../../recorder-image/contract/status.ts';

/** How the stub's process ends: what the kubelet then reports. */
export interface Exit {
  exitCode: number;
  message: string;
  reason?: string;
}

export interface RecorderStubOptions {
  address: string;
  port: number;
  recordingId: string;
  format: 'mp4' | 'webm' | 'm3u8';
  key: string;
}

/** Of media, the most that it records. */
const DURATION_SECONDS = 12.5;

/** Speaks the recorder's HTTP contract, long poll included, and records nothing. */
export class RecorderStub implements AsyncDisposable {
  readonly address: string;
  readonly #options: RecorderStubOptions;
  readonly #server = createServer((request, response) => this.#answer(request.url ?? '/', response));
  readonly #waiting = new Set<() => void>();
  #state: RecorderState = 'waiting';
  #version = 1;
  #startedAt: number | undefined;
  #recordedSeconds = DURATION_SECONDS;
  #restarts = 0;
  #lastTermination: RecorderTermination | undefined;
  #claims: Readonly<Record<string, unknown>> = {};
  /** What it does with SIGTERM. */
  onSigterm: (stub: RecorderStub) => Exit = (stub) => stub.result('Stopped');

  constructor(options: RecorderStubOptions) {
    this.#options = options;
    this.address = options.address;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#options.port, this.address);
    await once(this.#server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get key(): string {
    return this.#options.key;
  }

  get state(): RecorderState {
    return this.#state;
  }

  become(state: RecorderState): void {
    if (state === 'recording') this.#startedAt ??= Date.now();
    this.#state = state;
    this.#version++;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** It says this of itself from now on, in place of what is so: also what no recorder of this version would say. */
  claim(claims: Readonly<Record<string, unknown>>): void {
    this.#claims = claims;
    this.become(this.#state);
  }

  /** The recorder was killed and its supervisor has started it again: no kubelet saw it. */
  startAgain(): void {
    this.#restarts++;
    this.#lastTermination = { exitCode: 137, signal: 'SIGKILL', at: new Date().toISOString() };
    this.become('reconnecting');
  }

  /** The exit of a recorder that has a file, or of one that nothing reached. */
  result(
    reason: 'Stopped' | 'MaxDurationReached' | 'PublisherLost' | 'DiskFull',
    /** What it says otherwise: also what no recorder of this version would say. */
    said: Readonly<Record<string, unknown>> = {},
  ): Exit {
    const { format, key } = this.#options;
    if (this.#startedAt === undefined) return this.failure('NothingReceived', 10);
    const result = {
      outcome: 'completed',
      reason,
      bucket: 'test-bucket',
      key,
      url: `s3://test-bucket/${key}`,
      sizeBytes: 123_456,
      durationSeconds: DURATION_SECONDS,
      startedAt: new Date(this.#startedAt).toISOString(),
      stoppedAt: new Date().toISOString(),
      format,
      checksum: 'CRC64NVME:AAAAAAAAAAA=',
      complete: true,
      missingSeconds: 0,
      ...said,
    } satisfies RecorderResult;
    return { exitCode: 0, message: JSON.stringify(result), reason: 'Completed' };
  }

  failure(reason: RecorderResult['reason'], exitCode: number, message = `it was ${reason}`): Exit {
    const result: RecorderResult = { outcome: 'failed', reason, error: { code: reason, message } };
    return { exitCode, message: JSON.stringify(result), reason: 'Error' };
  }

  /** It has been recording for so long already, in seconds of media. */
  hasRecorded(seconds: number): void {
    this.#recordedSeconds = seconds;
    this.#startedAt = Date.now() - seconds * 1000;
    this.become('recording');
  }

  #lastMediaAt(startedAt: number): number {
    return Math.min(Date.now(), startedAt + this.#recordedSeconds * 1000);
  }

  #status(): RecorderStatus {
    const startedAt = this.#startedAt;
    return {
      recordingId: this.#options.recordingId,
      state: this.#state,
      version: this.#version,
      ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
      ...(startedAt !== undefined && { lastMediaAt: new Date(this.#lastMediaAt(startedAt)).toISOString() }),
      durationSeconds: startedAt === undefined ? 0 : (this.#lastMediaAt(startedAt) - startedAt) / 1000,
      bytesReceived: 0,
      bytesUploaded: 0,
      bytesSpooled: 0,
      bytesFree: 1e9,
      bitrateKbps: 0,
      fps: 0,
      takes: startedAt === undefined ? 0 : 1,
      restarts: this.#restarts,
      ...(this.#lastTermination && { lastTermination: this.#lastTermination }),
    };
  }

  #answer(url: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://stub');
    if (pathname !== '/status') {
      response.writeHead(pathname === '/readyz' ? 200 : 404).end();
      return;
    }
    const after = Number(searchParams.get('after') ?? -1);
    const answer = () => {
      clearTimeout(timer);
      this.#waiting.delete(answer);
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ ...this.#status(), ...this.#claims }));
    };
    const timer = setTimeout(answer, Number(searchParams.get('wait') ?? 0) * 1000);
    if (this.#version > after) answer();
    else this.#waiting.add(answer);
  }
}
