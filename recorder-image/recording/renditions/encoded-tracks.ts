import { createReadStream } from 'node:fs';
import type { Take } from '../../journal/take.ts';
import type { TrackLedger } from '../../media/track-ledger.ts';
import { kindOf } from '../../media/track.ts';
import type { TrackId } from '../../media/track.ts';
import type { ExpectedTrack } from '../../proof/compare.ts';
import { Scanner } from '../../proof/scanner.ts';
import { WebmReader } from '../../proof/webm-reader.ts';
import { publishedTracks } from './published-tracks.ts';

const CODECS = { audio: 'opus', video: 'vp9' } as const;

/** What the WebM files of these takes hold together: what one file of them has to hold. Throws where one is damaged. */
export async function encodedTracks(
  files: readonly string[],
  takes: readonly Take[],
): Promise<readonly ExpectedTrack[]> {
  const ledgers = new Map<string, TrackLedger>();
  for (const [index, file] of files.entries()) {
    const scanner = new Scanner(new WebmReader(() => takes[index]?.startMs ?? 0, ledgers));
    for await (const bytes of createReadStream(file)) scanner.write(bytes as Buffer);
    const { damage } = scanner.end();
    if (damage.length > 0) throw new Error(`${file}: ${damage.join('; ')}`);
  }
  const published = publishedTracks(takes);
  return [...ledgers].flatMap(([name, ledger]) => {
    const [kind, index] = name.split(':');
    const track =
      [...published.keys()].filter((id) => kindOf(id) === kind)[Number(index)] ?? (name as TrackId);
    const { codec = CODECS[kindOf(track)], accepted = { packets: 0, bytes: 0 } } = published.get(track) ?? {};
    if (ledger.packets === 0) return [];
    // What FFmpeg makes of the times of several files is right to the millisecond, and not more than that.
    const by = 'payloads' as const;
    return [{ track, codec, encodedAs: CODECS[kindOf(track)], accepted, by, ...ledger.figures() }];
  });
}
