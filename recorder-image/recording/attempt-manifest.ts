import type { RecorderConfig } from '../config.ts';
import type { Manifest, ManifestFile } from '../contract/manifest.ts';
import type { ResultReason } from '../contract/result.ts';
import { version } from '../version.ts';
import type { Completeness } from './completeness.ts';
import type { Times } from './outcome.ts';
import type { FileContent, StoredFile } from './renditions/rendition.ts';

export interface RecordedAttempt {
  readonly config: Pick<
    RecorderConfig,
    'recordingId' | 'uid' | 'meetingId' | 'requestedBy' | 'attempt' | 'node'
  >;
  readonly reason: ResultReason;
  readonly times: Times;
  readonly files: readonly StoredFile[];
  readonly completeness: Completeness;
  readonly leftOut: Manifest['leftOut'];
  /** RFC 3339. */
  readonly writtenAt: string;
}

/** What a recorder has to say of its attempt. */
export function attemptManifest(recorded: RecordedAttempt): Manifest {
  const { config, reason, times, files, completeness, leftOut, writtenAt } = recorded;
  const { recordingId, uid, meetingId, requestedBy, attempt, node } = config;
  const { complete, reason: incompleteReason, missingSeconds, gaps } = completeness;
  const span = defined({ startedAt: rfc3339(times.startedAt), stoppedAt: rfc3339(times.stoppedAt) });
  return {
    version: 1,
    recording: { id: recordingId, ...defined({ uid, meetingId, requestedBy }) },
    ...span,
    durationSeconds: (times.durationMs ?? 0) / 1000,
    attempts: [{ attempt, ...defined({ node }), reason, ...span }],
    files: files.map((file) => manifestFile(file, attempt)),
    gaps: [...gaps],
    leftOut: [...leftOut],
    complete,
    ...defined({ incompleteReason }),
    missingSeconds,
    writtenBy: { meetrec: version },
    writtenAt,
  };
}

function manifestFile(file: StoredFile, attempt: number): ManifestFile {
  const { key, format, sizeBytes, objectBytes, checksum, contents } = file;
  const isPlaylist = contents.some(({ objects }) => objects !== undefined);
  const differences = contents.flatMap(({ proof }) => proof.differences);
  const [only] = contents;
  return {
    key,
    format,
    sizeBytes: objectBytes ?? sizeBytes,
    ...defined({ checksum }),
    ...(isPlaylist || only === undefined ? {} : { crc32: base64(only.proof.crc32) }),
    attempt,
    takes: contents.flatMap(({ takes }) => takes),
    tracks: contents.flatMap(({ takes: [take], proof }) =>
      proof.tracks.map((track) => (isPlaylist ? { ...track, ...defined({ take }) } : track)),
    ),
    ...(isPlaylist ? { segments: contents.flatMap((content) => segmentsOf(content)) } : {}),
    ...(differences.length === 0 ? {} : { differences }),
  };
}

function segmentsOf({ takes: [take], objects = [] }: FileContent): NonNullable<ManifestFile['segments']> {
  return objects.map(({ key, sizeBytes, crc32 }) => ({ key, sizeBytes, crc32, ...defined({ take }) }));
}

function base64(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}

function rfc3339(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}

function defined<T extends Readonly<Record<string, unknown>>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
