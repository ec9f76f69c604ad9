const MESSAGE_LENGTH = 300;
const RTMP_URL = /rtmps?:\/\/[^\s"'<>,;]+/gi;
const UUID = /\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b/gi;
const TIME = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?|\b1\d{9}(\d{3})?\b/g;

/**
 * Makes a text from Agora fit for a status: without the addresses that hold stream keys, without what differs from try
 * to try (request ids, times), on one line and of bounded length.
 *
 * @param secrets texts that must not appear whatever form they come in
 */
export function scrub(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret !== '') clean = clean.replaceAll(secret, '…');
  }
  return clean
    .replace(RTMP_URL, 'rtmp://…')
    .replace(UUID, '…')
    .replace(TIME, '…')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MESSAGE_LENGTH);
}

/** The parts of an RTMP address that may be its stream key: all that follows the application's name. */
export function streamKeysOf(rtmpUrl: string): string[] {
  const afterHost = rtmpUrl.replace(/^[a-z]+:\/\/[^/]*\/?/i, '');
  const key = afterHost.slice(afterHost.indexOf('/') + 1);
  return [rtmpUrl, key, ...key.split(/[/?&=]/)].filter((part) => part.length >= 8);
}
