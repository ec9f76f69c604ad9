import { manifestSchema } from '../contract/manifest.ts';
import type { Manifest, ManifestFile } from '../contract/manifest.ts';
import { folderOf } from '../contract/object-keys.ts';
import type { SigningKey } from '../contract/signing-keys.ts';
import { signatureState } from '../manifest/signature.ts';
import type { Problem, Report } from './report.ts';
import type { VerifySource } from './source.ts';
import { UnreadableError } from './source.ts';
import { MediaCheck, ObjectCheck } from './verify-file.ts';
import { listedIn, playlistProblems } from './verify-playlist.ts';

export interface VerifyOptions {
  readonly source: VerifySource;
  readonly keys: readonly SigningKey[];
  /** A manifest without a signature differs from what it should be. */
  readonly requireSignature: boolean;
  /** Told of the bytes that were read of a file so far. */
  readonly onProgress?: (file: string, bytes: number) => void;
}

/** Compares a recording's files with its manifest. Throws {@link UnreadableError} where the manifest can't be read. */
export async function verifyRecording(options: VerifyOptions, signal: AbortSignal): Promise<Report> {
  const { value, manifest } = parse(await options.source.manifest(signal));
  const { state, keyId } = signatureState(value, options.keys);
  const problems: Problem[] = signatureProblems(state, keyId, options.requireSignature);
  let bytes = 0;
  for (const file of manifest.files) {
    const checked = await checkFile(options, manifest, file, signal);
    problems.push(...checked.problems);
    bytes += checked.bytes;
  }
  return {
    ok: problems.length === 0,
    recording: manifest.recording.id,
    complete: manifest.complete,
    missingSeconds: manifest.missingSeconds,
    signature: state,
    files: manifest.files.length,
    bytes,
    problems,
  };
}

function parse(text: string): { value: object; manifest: Manifest } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableError('the manifest is no JSON', { cause: error });
  }
  const { data, error } = manifestSchema.safeParse(value);
  if (data === undefined)
    throw new UnreadableError(`it is no manifest of version 1: ${error.issues[0]?.path.join('.')}`);
  return { value: value as object, manifest: data };
}

function signatureProblems(
  state: Report['signature'],
  keyId: string | undefined,
  isRequired: boolean,
): Problem[] {
  if (state === 'invalid') return [{ what: 'the signature of the manifest is not of this manifest' }];
  if (state === 'unknown-key')
    return [{ what: `the manifest is signed with the key ${keyId}, which is not known here` }];
  return state === 'unsigned' && isRequired ? [{ what: 'the manifest is not signed' }] : [];
}

interface Checked {
  readonly problems: readonly Problem[];
  readonly bytes: number;
}

async function checkFile(
  options: VerifyOptions,
  manifest: Manifest,
  file: ManifestFile,
  signal: AbortSignal,
): Promise<Checked> {
  const folder = folderOf(manifest.files[0]?.key ?? '');
  const reading = new Reading(options, folder, signal);
  if (file.format === 'm3u8') return await checkPlaylist(reading, file);
  const media = new MediaCheck(file.format, file.tracks);
  const problems = await reading.check(file, (bytes) => media.write(bytes));
  if (problems === undefined) return { problems: [missing(file.key)], bytes: 0 };
  // Where the media differs, that is said; a checksum only tells that something does.
  return { problems: [...media.problems(file), ...problems], bytes: reading.bytes };
}

async function checkPlaylist(reading: Reading, file: ManifestFile): Promise<Checked> {
  const text: Buffer[] = [];
  const problems: Problem[] = [];
  const own = await reading.check(file, (bytes) => void text.push(Buffer.from(bytes)));
  if (own === undefined) return { problems: [missing(file.key)], bytes: 0 };
  const segments = file.segments ?? [];
  problems.push(...playlistProblems(file, listedIn(Buffer.concat(text).toString('utf8'))), ...own);
  for (const [take, ofTake] of Map.groupBy(segments, (segment) => segment.take)) {
    const tracks = file.tracks.filter((track) => track.take === take);
    const media = new MediaCheck('m3u8', tracks);
    const objects: Problem[] = [];
    for (const segment of ofTake) {
      const found = await reading.check(segment, (bytes) => media.write(bytes));
      objects.push(...(found ?? [missing(segment.key)]));
    }
    problems.push(...media.problems(file), ...objects);
  }
  return { problems, bytes: reading.bytes };
}

function missing(key: string): Problem {
  return { file: key, what: 'it is missing' };
}

/** Reads objects of a recording, and counts. */
class Reading {
  readonly #options: VerifyOptions;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  bytes = 0;

  constructor(options: VerifyOptions, folder: string, signal: AbortSignal) {
    this.#options = options;
    this.#folder = folder;
    this.#signal = signal;
  }

  /** What is wrong with the object as a whole; undefined where there is none. */
  async check(
    object: Parameters<ObjectCheck['problems']>[0],
    onBytes: (bytes: Buffer) => void,
  ): Promise<Problem[] | undefined> {
    const { source, onProgress } = this.#options;
    const check = new ObjectCheck();
    const path = object.key.slice(this.#folder.length);
    if (!object.key.startsWith(this.#folder) || path.split('/').includes('..'))
      return [{ file: object.key, what: 'it lies outside of the folder of the recording' }];
    let size = 0;
    const isThere = await source.read(
      path,
      (bytes) => {
        check.write(bytes);
        onBytes(bytes);
        size += bytes.length;
        onProgress?.(object.key, size);
      },
      this.#signal,
    );
    this.bytes += size;
    return isThere ? check.problems(object) : undefined;
  }
}
