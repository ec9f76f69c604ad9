/** A segment that is in S3. */
export interface Segment {
  /** Its key's last part. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** base64 */
  readonly crc32: string;
  readonly durationSeconds: number;
}

export interface PlaylistTake {
  /** Unix time in ms of the take's first media. */
  readonly startsAt: number;
  /** The name of its initialisation segment. */
  readonly init: string;
  readonly segments: readonly Segment[];
  /** No more segments come. */
  readonly complete: boolean;
}

/** Seconds; RFC 8216 wants it on each playlist, and no segment may be longer. */
const SHORTEST_TARGET = 6;

/**
 * An HLS playlist (RFC 8216) of type EVENT, which only ever grows at its end, so that players can follow a recording
 * while it is made. A take with other codec parameters comes behind a discontinuity, with its own initialisation.
 */
export function renderPlaylist(options: {
  /** In order. */
  readonly takes: readonly PlaylistTake[];
  /** What the names of segments are preceded with: `FOLDER/`. */
  readonly folder: string;
  /** Nothing will be added any more. */
  readonly ended: boolean;
}): string {
  const { takes, folder, ended } = options;
  const listed = withoutGaps(takes);
  const durations = listed.flatMap(({ segments }) => segments.map((segment) => segment.durationSeconds));
  const target = Math.max(SHORTEST_TARGET, ...durations.map((seconds) => Math.round(seconds)));
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${target}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:EVENT',
    // Each one begins with a key frame; what a publisher sends before its first one can't be decoded by anybody.
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...listed.flatMap((take, index) => [
      ...(index === 0 ? [] : ['#EXT-X-DISCONTINUITY']),
      ...linesOf(take, folder),
    ]),
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n');
}

/** What is behind a take that still grows has to wait: nothing may ever come in between. */
function withoutGaps(takes: readonly PlaylistTake[]): PlaylistTake[] {
  const growing = takes.findIndex((take) => !take.complete);
  const ready = growing < 0 ? takes : takes.slice(0, growing + 1);
  return ready.filter((take) => take.segments.length > 0);
}

function linesOf({ startsAt, init, segments }: PlaylistTake, folder: string): string[] {
  let at = startsAt;
  const lines = [`#EXT-X-MAP:URI="${folder}/${init}"`];
  for (const { name, durationSeconds } of segments) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(at).toISOString()}`);
    lines.push(`#EXTINF:${durationSeconds.toFixed(6)},`, `${folder}/${name}`);
    at += durationSeconds * 1000;
  }
  return lines;
}

/** The segments that a playlist lists: their file names and durations in seconds. */
export function readSegmentList(
  playlist: string,
): { readonly file: string; readonly durationSeconds: number }[] {
  const found: { file: string; durationSeconds: number }[] = [];
  let durationSeconds = 0;
  for (const line of playlist.split('\n')) {
    const [, seconds] = /^#EXTINF:([0-9.]+),/.exec(line) ?? [];
    if (seconds !== undefined) durationSeconds = Number(seconds);
    else if (line !== '' && !line.startsWith('#')) found.push({ file: line, durationSeconds });
  }
  return found;
}
