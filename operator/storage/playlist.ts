/** The names that a playlist (RFC 8216) refers to, in the order in which they appear, and how long it plays. */
export interface Playlist {
  readonly names: readonly string[];
  /** Seconds of media that it lists. */
  readonly durationSeconds: number;
}

const URI_ATTRIBUTE = /URI="([^"]*)"/;

/** A playlist names something that does not lie beside it. */
export class ForeignSegmentError extends Error {
  readonly code = 'FOREIGN_SEGMENT';

  constructor() {
    super('the playlist names something outside its folder');
    this.name = 'ForeignSegmentError';
  }
}

export function readPlaylist(text: string): Playlist {
  const names = new Set<string>();
  let durationSeconds = 0;
  for (const line of text.split(/\r?\n/)) {
    const name = nameIn(line);
    if (name !== undefined) names.add(name);
    durationSeconds += Number(/^#EXTINF:([0-9.]+)/.exec(line)?.[1] ?? 0);
  }
  return { names: [...names], durationSeconds };
}

/** The same playlist with other names: each one that {@link readPlaylist} found is looked up in `urls`. */
export function renamed(text: string, urls: ReadonlyMap<string, string>): string {
  return text
    .split(/\r?\n/)
    .map((line) => {
      const name = nameIn(line);
      const url = name === undefined ? undefined : urls.get(name);
      if (name === undefined || url === undefined) return line;
      return line.startsWith('#') ? line.replace(URI_ATTRIBUTE, () => `URI="${url}"`) : url;
    })
    .join('\n');
}

/**
 * The key that a name in a playlist stands for. Throws ForeignSegmentError for whatever lies elsewhere: a playlist must
 * not be able to have other files signed.
 */
export function keyBeside(playlistKey: string, name: string): string {
  const folder = playlistKey.slice(0, playlistKey.lastIndexOf('/') + 1);
  const parts = decoded(name).split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\\'));
  if (!isPlain || /^[a-z][a-z0-9+.-]*:/i.test(name) || name.includes('?')) throw new ForeignSegmentError();
  return folder + parts.join('/');
}

function nameIn(line: string): string | undefined {
  if (line.startsWith('#')) return URI_ATTRIBUTE.exec(line)?.[1];
  const name = line.trim();
  return name === '' ? undefined : name;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new ForeignSegmentError();
  }
}
