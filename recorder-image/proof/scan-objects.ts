import type { FileFormat } from '../contract/formats.ts';
import type { TrackId } from '../media/track.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import type { ExpectedTrack } from './compare.ts';
import type { ScannedTrack } from './file-scan.ts';
import { prove } from './proof.ts';
import type { Proof } from './proof.ts';
import { readerOf } from './readers.ts';
import { Scanner } from './scanner.ts';

/**
 * What objects that make a file hold, of which nobody knows what they should hold: all that can be wrong with them is
 * that they break off or are damaged. `offsetMs` is added to their times. Throws ObjectStoreError.
 */
export async function scanObjects(
  store: Pick<ObjectStore, 'read'>,
  file: { readonly keys: readonly string[]; readonly format: FileFormat; readonly offsetMs: number },
  signal: AbortSignal,
): Promise<Proof> {
  const { keys, format, offsetMs } = file;
  const scanner = new Scanner(readerOf(format, () => offsetMs));
  for (const key of keys) await store.read(key, (bytes) => scanner.write(bytes), signal);
  const scan = scanner.end();
  return prove(scan, asFound(scan.tracks), undefined);
}

function asFound(tracks: readonly ScannedTrack[]): ExpectedTrack[] {
  const counts = { audio: 0, video: 0 };
  return tracks.flatMap((track): ExpectedTrack[] => {
    const { kind, codec } = track;
    const name: TrackId = `${kind}:${counts[kind]++}`;
    return codec === undefined || track.packets === 0 ? [] : [{ ...track, track: name, codec }];
  });
}
