import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { MAX_STATUS_WAIT_SECONDS } from '../contract/status.ts';
import type { StatusBoard } from '../recording/status-board.ts';

const querySchema = z.object({
  /** Seconds. */
  wait: z.coerce.number().min(0).max(MAX_STATUS_WAIT_SECONDS).default(0),
  after: z.coerce.number().int().optional(),
});

export interface StatusRequest {
  readonly board: StatusBoard;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

/** `GET /status`; with `?wait=SECONDS&after=VERSION` it answers once the version is another one, or the time is up. */
export async function answerStatus({ board, query, response }: StatusRequest): Promise<void> {
  const parsed = querySchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) return json(response, 400, { error: z.prettifyError(parsed.error) });
  const { wait, after } = parsed.data;
  if (after !== undefined && wait > 0) {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    await board.change(after, wait * 1000, gone.signal);
  }
  json(response, 200, board.current());
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
