import { readdir, readFile } from 'node:fs/promises';
import { recorderStatusSchema } from '../../../recorder-image/contract/status.ts';
import type { RecorderState } from '../../../recorder-image/contract/status.ts';
import type { Child } from '../../support/child-process.ts';
import { spawnRecorder } from '../../support/media/recorder-process.ts';
import type { RecorderPlace } from '../../support/media/recorder-process.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A recorder that comes back when it was killed, as a kubelet brings it back in the same pod. */
export class Incarnations implements AsyncDisposable {
  readonly #place: RecorderPlace;
  readonly #program: string;
  readonly #onListening: (rtmpPort: number) => void;
  #child: Child | undefined;
  starts = 0;

  constructor(options: {
    readonly place: RecorderPlace;
    readonly program: string;
    readonly onListening: (rtmpPort: number) => void;
  }) {
    this.#place = options.place;
    this.#program = options.program;
    this.#onListening = options.onListening;
  }

  /** Returns once it serves its status, or has ended. */
  async start(): Promise<void> {
    this.starts += 1;
    const child = await spawnRecorder(this.#place.env, this.#program);
    this.#child = child;
    const ended = child.exited.then(() => true as const);
    const up = waitFor(() => portIn(child.output(), 'serving status'), {
      what: 'the recorder to start',
      intervalMs: 10,
    });
    up.catch(() => undefined);
    await Promise.race([up, ended]);
  }

  /** Returns once it listens for a publisher, or has ended. */
  async listening(): Promise<void> {
    const { child } = this;
    const ended = child.exited.then(() => true as const);
    const listens = waitFor(() => portIn(child.output(), 'waiting for the publisher'), {
      what: 'the recorder to listen',
      intervalMs: 10,
    });
    listens.catch(() => undefined);
    const port = await Promise.race([listens, ended]);
    if (port !== true) this.#onListening(port);
  }

  get child(): Child {
    if (this.#child === undefined) throw new Error('the recorder was never started');
    return this.#child;
  }

  /** Undefined when it is not there, or does not answer yet. */
  async state(): Promise<RecorderState | undefined> {
    const port = portIn(this.child.output(), 'serving status');
    if (port === undefined) return undefined;
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/status`, { signal: AbortSignal.timeout(2000) });
      return recorderStatusSchema.parse(await answer.json()).state;
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) return undefined;
      throw error;
    }
  }

  /** SIGKILL; returns when it is gone. */
  async kill(): Promise<void> {
    send(this.child.pid, 'SIGKILL');
    await this.child.exited;
  }

  terminate(): void {
    send(this.child.pid, 'SIGTERM');
  }

  /** Kills the FFmpeg processes that it has started. Returns how many there were. */
  async killFfmpeg(): Promise<number> {
    const path = `/proc/${this.child.pid}/task/${this.child.pid}/children`;
    const children = (await readFile(path, 'utf8').catch(() => '')).trim();
    const pids = children === '' ? [] : children.split(' ').map(Number);
    for (const pid of pids) send(pid, 'SIGKILL');
    return pids.length;
  }

  /** Asks it to stop, again and again and whatever kills it, until it has ended by itself. Returns its exit code. */
  async finish(): Promise<number | NodeJS.Signals> {
    for (let tries = 0; tries < 20; tries += 1) {
      this.terminate();
      const code = await this.child.exited;
      if (typeof code === 'number' && code !== 1) return code;
      await this.start();
    }
    throw new Error(`the recorder does not finish: ${this.child.output().slice(-2000)}`);
  }

  /**
   * Waits for its end, and returns its exit code. A signal that meets a program on its way out ends that, for Node has
   * let go of its handlers by then: it is started again, as supervise.sh does, and has to say the same.
   */
  async ended(): Promise<number | NodeJS.Signals> {
    const code = await this.child.exited;
    if (code !== 'SIGTERM') return code;
    await this.start();
    return await this.child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child === undefined) return;
    send(this.#child.pid, 'SIGKILL');
    await this.#child.exited;
  }
}

/** Processes with this text in their command line or working folder: FFmpeg and recorders of a run's folder. */
export async function processesOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(entry) || Number(entry) === process.pid) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(folder)) found.push(Number(entry));
  }
  return found;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function portIn(output: string, message: string): number | undefined {
  const line = output.split('\n').find((text) => text.includes(`"msg":"${message}"`) && text.endsWith('}'));
  return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
}
