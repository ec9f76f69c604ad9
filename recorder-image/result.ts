import { writeFile } from 'node:fs/promises';
import { MAX_RESULT_BYTES } from './contract/result.ts';
import type { RecorderResult } from './contract/result.ts';

const ELLIPSIS = '…';

/** What people read is cut before anything that programs read. */
const MAX_INCOMPLETE_MESSAGE = 600;

/** The result as JSON of at most 4096 bytes: what may be long, messages and lists, is cut to fit. */
export function encodeResult(result: RecorderResult): string {
  const whole = JSON.stringify(result);
  if (fits(whole)) return whole;
  if (result.outcome === 'failed')
    return longest(result.error.message.length, (length) => cutMessage(result, length));
  return longest(entriesOf(result), (count) => cutLists(result, count));
}

/**
 * Writes the result. In place, not by way of another file: a pod's termination message is a mounted file, which can't
 * be replaced. It is short enough to be written in one go.
 */
export async function writeResult(path: string, result: RecorderResult): Promise<void> {
  await writeFile(path, encodeResult(result));
}

function cutMessage(result: Extract<RecorderResult, { outcome: 'failed' }>, length: number): string {
  const message = `${result.error.message.slice(0, length)}${ELLIPSIS}`;
  return JSON.stringify({ ...result, error: { ...result.error, message } });
}

type Completed = Extract<RecorderResult, { outcome: 'completed' }>;

function entriesOf({ files = [], gaps = [] }: Completed): number {
  return Math.max(files.length, gaps.length);
}

/** So many files and gaps, the first ones: the manifest has all. */
function cutLists(result: Completed, count: number): string {
  const { files, gaps, incompleteMessage: message } = result;
  const cut =
    message === undefined || message.length <= MAX_INCOMPLETE_MESSAGE
      ? message
      : `${message.slice(0, MAX_INCOMPLETE_MESSAGE)}${ELLIPSIS}`;
  return JSON.stringify({
    ...result,
    ...(cut === undefined ? {} : { incompleteMessage: cut }),
    ...(files === undefined ? {} : { files: files.slice(0, count) }),
    ...(gaps === undefined ? {} : { gaps: gaps.slice(0, count) }),
  });
}

/** The longest of the encodings 0 to `most` that fits; they grow with their number. */
function longest(most: number, encode: (length: number) => string): string {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(encode(middle))) low = middle;
    else high = middle - 1;
  }
  return encode(low);
}

function fits(json: string): boolean {
  return Buffer.byteLength(json) <= MAX_RESULT_BYTES;
}
