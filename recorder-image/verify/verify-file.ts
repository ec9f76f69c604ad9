import { crc32 } from 'node:zlib';
import type { FileFormat } from '../contract/formats.ts';
import type { ManifestFile, ManifestTrack } from '../contract/manifest.ts';
import { differencesBetween } from '../proof/compare.ts';
import { readerOf } from '../proof/readers.ts';
import { Scanner } from '../proof/scanner.ts';
import { expectedTracks, offsetsOf } from './expected-tracks.ts';
import type { Problem } from './report.ts';

/** What is compared of an object, whatever is in it. */
export interface ObjectFacts {
  readonly key: string;
  readonly sizeBytes: number;
  readonly crc32?: string | undefined;
  readonly checksum?: string | undefined;
}

const CRC32 = 'CRC32:';

/** Takes an object's bytes, and says at the end how they differ from what is known of them. */
export class ObjectCheck {
  #crc = 0;
  #size = 0;

  write(bytes: Buffer): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
  }

  problems(facts: ObjectFacts): Problem[] {
    const found = Buffer.alloc(4);
    found.writeUInt32BE(this.#crc);
    const checksum =
      facts.checksum?.startsWith(CRC32) === true ? facts.checksum.slice(CRC32.length) : undefined;
    const file = facts.key;
    if (this.#size !== facts.sizeBytes)
      return [{ file, what: `it has ${this.#size} bytes, and had ${facts.sizeBytes}` }];
    const same = [facts.crc32, checksum].every(
      (known) => known === undefined || known === found.toString('base64'),
    );
    return same ? [] : [{ file, what: 'its checksum is another one' }];
  }
}

/** Takes the bytes of a file's media, and says at the end how it differs from what the manifest says of its tracks. */
export class MediaCheck {
  readonly #scanner: Scanner;
  readonly #tracks: readonly ManifestTrack[];

  constructor(format: FileFormat, tracks: readonly ManifestTrack[]) {
    this.#tracks = tracks;
    this.#scanner = new Scanner(readerOf(format, offsetsOf(tracks)));
  }

  write(bytes: Buffer): void {
    this.#scanner.write(bytes);
  }

  problems(file: Pick<ManifestFile, 'key' | 'differences'>): Problem[] {
    const { tracks, damage } = this.#scanner.end();
    const known = new Set(file.differences);
    return [
      ...differencesBetween(expectedTracks(this.#tracks), tracks).map(
        ({ track, what, seconds: [second] }) => ({
          ...{ file: file.key, track, what },
          ...(second === undefined ? {} : { second }),
        }),
      ),
      ...damage.filter((what) => !known.has(what)).map((what) => ({ file: file.key, what })),
    ];
  }
}
