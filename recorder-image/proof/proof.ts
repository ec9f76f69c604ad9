import { z } from 'zod';
import { manifestTrackSchema } from '../contract/manifest.ts';
import type { ManifestTrack } from '../contract/manifest.ts';
import { differencesBetween, matchTracks } from './compare.ts';
import type { ExpectedTrack, MatchedTrack } from './compare.ts';
import type { FileScan } from './file-scan.ts';

/** What a file should hold. */
export interface Expectation {
  readonly tracks: readonly ExpectedTrack[];
  /** Where the file's time 0 is on the recording's timeline, in ms. */
  readonly offsetMs: number;
}

/** What a file was found to hold, compared with what it should. It is kept, so that nobody has to read the file again. */
export const proofSchema = z.object({
  sizeBytes: z.int().min(0),
  /** Of the whole file. */
  crc32: z.number(),
  offsetMs: z.number(),
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

/** Compares a file with what it should be. `uploadedCrc32` is of what was sent. */
export function prove(scan: FileScan, expectation: Expectation, uploadedCrc32: number): Proof {
  const { sizeBytes, crc32, damage } = scan;
  const differences = differencesBetween(expectation.tracks, scan.tracks);
  const { matched } = matchTracks(expectation.tracks, scan.tracks);
  return {
    sizeBytes,
    crc32,
    offsetMs: expectation.offsetMs,
    tracks: matched.map((track) => manifestTrack(track)),
    differences: [
      ...differences.map(({ track, what, seconds }) => `${track}: ${what}${from(seconds)}`),
      ...damage,
      ...(crc32 === uploadedCrc32 ? [] : ['other bytes were sent than were read']),
    ],
    differentSeconds: [...new Set(differences.flatMap(({ seconds }) => seconds))].sort((a, b) => a - b),
  };
}

function from([first]: readonly number[]): string {
  return first === undefined ? '' : `, from second ${first} on`;
}

/** A file's track by the name that it has as published. What was accepted is said apart where it is not the same. */
function manifestTrack({ expected, found }: MatchedTrack): ManifestTrack {
  const { track, codec, encodedAs, packets, bytes } = expected;
  const differs = encodedAs !== undefined || packets !== found?.packets || bytes !== found.bytes;
  return {
    id: track,
    codec,
    ...(encodedAs === undefined ? {} : { encodedAs }),
    ...(differs ? { accepted: { packets, bytes } } : {}),
    packets: found?.packets ?? 0,
    bytes: found?.bytes ?? 0,
    firstSeconds: (found ?? expected).firstMs / 1000,
    lastSeconds: (found ?? expected).lastMs / 1000,
    ...(found === undefined
      ? {}
      : {
          sha256: found.sha256,
          timesSha256: found.timesSha256,
          seconds: found.seconds.toString('base64'),
        }),
  };
}
