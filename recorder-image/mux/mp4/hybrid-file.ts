import type { OutputFile } from '../output-file.ts';
import { box, sizeOf, text, u32, u64 } from './box.ts';
import type { Fragment } from './fragment.ts';
import type { Mp4Piece } from './mp4-pieces.ts';
import type { Mp4Track } from './mp4-track.ts';
import { fileType, fragmentedMovie, indexedMovie } from './movie.ts';
import { SampleIndex } from './sample-index.ts';

/** Says that the size is 64 bits, behind the type. */
const LARGE = 1;

/**
 * Writes a fragmented MP4 that plays up to its last fragment while it grows, and is an ordinary one at the end: then a
 * header with all samples is appended, and 16 bytes near the beginning turn all fragments and their header into media
 * data. So what is behind these bytes never changes.
 *
 *     ftyp | free moov | moof mdat | moof mdat | …          while it grows
 *     ftyp | mdat ………………………………………………………… | moov         at the end
 */
export async function writeHybridFile(pieces: AsyncIterable<Mp4Piece>, file: OutputFile): Promise<void> {
  const mediaStart = sizeOf(fileType());
  let indexes: readonly { readonly track: Mp4Track; readonly index: SampleIndex }[] = [];
  for await (const piece of pieces) {
    if (piece.kind === 'header') {
      indexes = piece.tracks.map((track) => ({ track, index: new SampleIndex() }));
      await file.append(fragmentedHeader(piece.tracks));
    } else if (piece.kind === 'fragment') {
      for (const { part, position } of positioned(piece.fragment, file.size))
        indexes.find(({ track }) => track === part.track)?.index.add(part, position);
      await file.append(piece.fragment.bytes);
    }
  }
  // Fragments say when each of them begins: with a pause that is too long for the header they stay what they are.
  if (!indexes.every(({ index }) => index.isExpressible)) return;
  const mediaEnd = file.size;
  await file.append(indexedMovie(indexes));
  const mdat = Buffer.concat([u32(LARGE), text('mdat'), u64(mediaEnd - mediaStart)]);
  await file.overwrite(mdat, mediaStart);
}

/** The same file as it grows, which is never gone back into: for where there is no room for it. */
export async function* streamedFile(
  pieces: AsyncIterable<Mp4Piece>,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) {
    if (piece.kind === 'header') yield* fragmentedHeader(piece.tracks);
    if (piece.kind === 'fragment') yield* piece.fragment.bytes;
  }
}

/** With room before the `moov` for the 64-bit size that its bytes may become part of. */
function fragmentedHeader(tracks: readonly Mp4Track[]): readonly Buffer[] {
  return [...fileType(), ...box('free'), ...fragmentedMovie(tracks)];
}

function* positioned({ tracks, dataOffset }: Fragment, fragmentStart: number) {
  let position = fragmentStart + dataOffset;
  for (const part of tracks) {
    yield { part, position };
    position += part.data.length;
  }
}
