import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The payloads of a file's packets as hex MD5, each track in the order of the file. */
export interface PacketHashes {
  readonly video: readonly string[];
  readonly audio: readonly string[];
}

/** Reads every packet of a media file without decoding it. Throws when ffprobe can't read the file to its end. */
export async function packetHashes(file: string, ffprobePath = 'ffprobe'): Promise<PacketHashes> {
  const entries = 'packet=codec_type,data_hash';
  const args = [
    '-v',
    'error',
    '-show_packets',
    '-show_data_hash',
    'md5',
    '-show_entries',
    entries,
    '-of',
    'csv=p=0',
  ];
  const child = spawn(ffprobePath, [...args, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const tracks = { video: [] as string[], audio: [] as string[] };
  for await (const line of createInterface({ input: child.stdout })) {
    const [type, hash = ''] = line.split(',');
    if (type === 'video' || type === 'audio') tracks[type].push(hash.replace(/^MD5:/, ''));
  }
  const [code] = await ended;
  if (code !== 0 || complaints !== '') {
    throw new Error(`ffprobe can't read ${file} to its end (${code}): ${complaints.trim().slice(-500)}`);
  }
  return tracks;
}

export interface TrackComparison {
  readonly published: number;
  readonly recorded: number;
  /** Published packets that the recording lacks at their place in the order. */
  readonly missing: number;
  /** Recorded packets that were not published at that place. */
  readonly extra: number;
  /** The index, in what was published, of the first packet that is missing; undefined when none is. */
  readonly firstMissing: number | undefined;
}

export interface Comparison {
  /** Every published packet is in the recording, in order, and nothing else is. */
  readonly ok: boolean;
  readonly video: TrackComparison;
  readonly audio: TrackComparison;
}

/** Compares what was published with what was recorded, payload by payload and in order. */
export function comparePackets(published: PacketHashes, recorded: PacketHashes): Comparison {
  const video = compareTrack(published.video, recorded.video);
  const audio = compareTrack(published.audio, recorded.audio);
  const nothing = video.published + audio.published === 0;
  return { ok: !nothing && [video, audio].every((track) => track.missing + track.extra === 0), video, audio };
}

/**
 * Walks both lists. Where they differ, the next recorded packet is looked up further on in what was published: found
 * there, what lies between is missing; not found, the recorded one is extra.
 */
function compareTrack(published: readonly string[], recorded: readonly string[]): TrackComparison {
  const places = new Map<string, number[]>();
  for (const [index, hash] of published.entries()) places.set(hash, [...(places.get(hash) ?? []), index]);
  let [next, extra, missing] = [0, 0, 0];
  let firstMissing: number | undefined;
  for (const hash of recorded) {
    const at = published[next] === hash ? next : places.get(hash)?.find((index) => index >= next);
    if (at === undefined) {
      extra += 1;
      continue;
    }
    if (at > next) firstMissing ??= next;
    missing += at - next;
    next = at + 1;
  }
  if (next < published.length) firstMissing ??= next;
  missing += published.length - next;
  return { published: published.length, recorded: recorded.length, missing, extra, firstMissing };
}
