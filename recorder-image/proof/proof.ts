import { z } from 'zod';
import { manifestTrackSchema } from '../contract/manifest.ts';
import type { ManifestTrack } from '../contract/manifest.ts';
import type { LedgerTrack } from '../media/ledger.ts';
import type { TrackFigures } from '../media/track-ledger.ts';
import { differencesBetween, matchTracks } from './compare.ts';
import type { ExpectedTrack, MatchedTrack } from './compare.ts';
import type { FileScan } from './file-scan.ts';

/** What a file was found to hold, compared with what it should. It is kept, so that nobody has to read the file again. */
export const proofSchema = z.object({
  sizeBytes: z.int().min(0),
  /** Of the whole file. */
  crc32: z.number(),
  tracks: z.array(manifestTrackSchema),
  /** For people; empty where the file is proven. */
  differences: z.array(z.string()),
  /** Seconds of the timeline whose packets are not as they should be. */
  differentSeconds: z.array(z.number()),
});
export type Proof = Readonly<z.infer<typeof proofSchema>>;

/** Output is not what the journal says. It may be made once more. */
export class ProofError extends Error {
  readonly code = 'ProofFailed';
  override readonly name = 'ProofError';
}

/** Compares a file with what it should be. `uploadedCrc32` is of what was sent, where that is known. */
export function prove(
  scan: FileScan,
  expected: readonly ExpectedTrack[],
  uploadedCrc32: number | undefined,
): Proof {
  const { sizeBytes, crc32, damage } = scan;
  const differences = differencesBetween(expected, scan.tracks);
  const { matched } = matchTracks(expected, scan.tracks);
  return {
    sizeBytes,
    crc32,
    tracks: matched.map((track) => manifestTrack(track)),
    differences: [
      ...differences.map(({ track, what, seconds }) => `${track}: ${what}${from(seconds)}`),
      ...damage,
      ...(crc32 === (uploadedCrc32 ?? crc32) ? [] : ['other bytes were sent than were read']),
    ],
    differentSeconds: [...new Set(differences.flatMap(({ seconds }) => seconds))].sort((a, b) => a - b),
  };
}

/** Of the journal as it is: it is what everything else is compared with. */
export function ledgerProof(
  tracks: readonly LedgerTrack[],
  file: { readonly sizeBytes: number; readonly crc32: number },
): Proof {
  return {
    ...file,
    tracks: tracks.map((track) => manifestTrack({ expected: track, found: { ...track, offsetMs: 0 } })),
    differences: [],
    differentSeconds: [],
  };
}

function from([first]: readonly number[]): string {
  return first === undefined ? '' : `, from second ${first} on`;
}

interface MatchedFigures extends Pick<MatchedTrack, 'expected'> {
  readonly found: (TrackFigures & { readonly offsetMs: number }) | undefined;
}

/** A file's track by the name that it has as published. What was accepted is said apart where it is not the same. */
function manifestTrack({ expected, found }: MatchedFigures): ManifestTrack {
  const {
    track,
    codec,
    encodedAs,
    accepted = { packets: expected.packets, bytes: expected.bytes },
  } = expected;
  const differs = accepted.packets !== found?.packets || accepted.bytes !== found.bytes;
  return {
    id: track,
    codec,
    ...(encodedAs === undefined ? {} : { encodedAs }),
    ...(differs ? { accepted } : {}),
    packets: found?.packets ?? 0,
    bytes: found?.bytes ?? 0,
    firstSeconds: (found ?? expected).firstMs / 1000,
    lastSeconds: (found ?? expected).lastMs / 1000,
    ...(found === undefined
      ? {}
      : {
          sha256: found.sha256,
          timesSha256: found.timesSha256,
          offsetSeconds: found.offsetMs / 1000,
          seconds: found.seconds.toString('base64'),
        }),
  };
}
