/** The longest wait that anybody is believed, in milliseconds: a proxy's maintenance page may ask for hours. */
const LONGEST_MS = 60_000;

/** A wait as it is asked for, in milliseconds, and as long as it is kept to. */
export function believed(ms: number): number {
  return Math.min(Math.max(ms, 0), LONGEST_MS);
}

/**
 * How long a Retry-After header asks to wait, in milliseconds, at most a minute; undefined when it says nothing
 * understandable. It holds seconds or an HTTP date (RFC 9110, 10.2.3).
 *
 * @param nowMs Unix milliseconds
 */
export function retryAfterMs(header: string | string[] | undefined, nowMs: number): number | undefined {
  const text = (Array.isArray(header) ? (header[0] ?? '') : (header ?? '')).trim();
  if (/^\d+(\.\d+)?$/.test(text)) return believed(Number(text) * 1000);
  const atMs = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : believed(atMs - nowMs);
}
