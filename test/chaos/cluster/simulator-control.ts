import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { FaultInput, PushFault } from '../../agora-simulator/faults.ts';

const pushesSchema = z.array(
  z.object({
    name: z.string(),
    state: z.string(),
    channel: z.string().optional(),
    attempts: z.array(z.object({ attempt: z.number(), published: z.boolean(), end: z.string().optional() })),
  }),
);
export type SimulatedPush = z.infer<typeof pushesSchema>[number];

const LIMIT_MS = 10_000;

/** The simulator's control API, called straight at its address. */
export class SimulatorControl {
  readonly #baseUrl: string;
  #editing: Promise<unknown> = Promise.resolve();

  /** `baseUrl` without `/control`. */
  constructor(options: { readonly baseUrl: string }) {
    this.#baseUrl = options.baseUrl;
  }

  /** Adds to what is going to go wrong; its own list is only replaced as a whole. */
  async arrange(faults: readonly FaultInput[]): Promise<void> {
    const edited = this.#editing.then(async () => {
      const known = (await (await this.#call('GET', '/control/faults')).json()) as FaultInput[];
      await this.#call('PUT', '/control/faults', [...known, ...faults]);
    });
    this.#editing = edited.catch(() => undefined);
    await edited;
  }

  /** Which of these, arranged before, have not come about once. */
  async untouched(faults: readonly FaultInput[]): Promise<FaultInput[]> {
    const waiting = (await (await this.#call('GET', '/control/faults')).json()) as FaultInput[];
    return untouchedOf(faults, waiting);
  }

  async forgetFaults(): Promise<void> {
    await this.#call('PUT', '/control/faults', []);
  }

  /** Returns false where there is no such push. */
  async misbehave(push: string, fault: PushFault): Promise<boolean> {
    const path = `/control/pushes/${push}/faults`;
    const response = await this.#send('POST', path, fault, LIMIT_MS + 60_000);
    await response.body?.cancel();
    if (!response.ok && response.status !== 404) throw new Error(`POST ${path} answered ${response.status}`);
    return response.ok;
  }

  async pushes(): Promise<SimulatedPush[]> {
    return pushesSchema.parse(await (await this.#call('GET', '/control/pushes')).json());
  }

  /** Writes what one connection of a push has sent to a file. */
  async published(push: string, attempt: number, file: string): Promise<void> {
    const path = `/control/pushes/${push}/published.flv?attempt=${attempt}`;
    await writeFile(file, Buffer.from(await (await this.#call('GET', path)).arrayBuffer()));
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await this.#send(method, path, body, LIMIT_MS);
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response;
  }

  async #send(method: string, path: string, body: unknown, limitMs: number): Promise<Response> {
    return await fetch(this.#baseUrl + path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
      signal: AbortSignal.timeout(limitMs),
    });
  }
}

/** Those of the arranged ones that still wait as often as they were arranged. */
export function untouchedOf(arranged: readonly FaultInput[], waiting: readonly FaultInput[]): FaultInput[] {
  return arranged.filter(({ match, fault, count = 1 }) =>
    waiting.some(
      (entry) =>
        entry.count === count &&
        entry.fault.kind === fault.kind &&
        entry.match.operation === match.operation &&
        entry.match.channel === match.channel,
    ),
  );
}
