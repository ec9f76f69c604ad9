import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestSchema } from '../../../recorder-image/contract/manifest.ts';
import type { Manifest } from '../../../recorder-image/contract/manifest.ts';
import { manifestKey } from '../../../recorder-image/contract/object-keys.ts';
import { openFolderSource } from '../../../recorder-image/verify/folder-source.ts';
import { verifyRecording } from '../../../recorder-image/verify/verify-recording.ts';
import type { PacketHashes } from '../../support/media/packets.ts';

const KINDS = ['audio', 'video'] as const;

/** What the packets say that were looked at without the recorder. */
export interface SeenPackets {
  /** All that the journal held at the end. */
  readonly journal: PacketHashes;
  /** What is in the file; undefined where it was encoded. */
  readonly file: PacketHashes | undefined;
  /** Packets of the journal that the file lacks. */
  readonly lost: number;
}

/** What the recording's manifest claims that is not so; empty when all of it is. `bucket` is the bucket's folder. */
export async function falseClaims(bucket: string, key: string, seen: SeenPackets): Promise<string[]> {
  const path = join(bucket, manifestKey(key));
  const source = await openFolderSource(path);
  const { signal } = new AbortController();
  const report = await verifyRecording({ source, keys: [], requireSignature: false }, signal);
  const manifest = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return [
    ...report.problems.map(({ file, track, what }) => `verify: ${[file, track, what].join(' ')}`),
    ...(manifest.complete && seen.lost > 0
      ? [`it claims to be complete, and lacks ${seen.lost} packets`]
      : []),
    ...KINDS.flatMap((kind) => falseCounts(manifest, kind, seen)),
  ];
}

function falseCounts(manifest: Manifest, kind: (typeof KINDS)[number], seen: SeenPackets): string[] {
  const tracks = manifest.files.flatMap((file) => file.tracks).filter(({ id }) => id.startsWith(kind));
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const held = sum(tracks.map(({ packets }) => packets));
  const accepted = sum(tracks.map(({ packets, accepted: all }) => all?.packets ?? packets));
  const inJournal = seen.journal[kind].length;
  const inFile = seen.file?.[kind].length ?? held;
  return [
    ...(held === inFile ? [] : [`it claims ${held} packets of ${kind}, and the file has ${inFile}`]),
    ...(accepted === inJournal
      ? []
      : [`it claims that ${accepted} packets of ${kind} were accepted, and the journal had ${inJournal}`]),
  ];
}
