import { z } from 'zod';
import { formatOf } from '../../recorder-image/contract/formats.ts';
import type { KeyContent } from '../../recorder-image/contract/key-content.ts';
import { ownContent } from '../../recorder-image/contract/object-keys.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import { claimedSeconds, claimedTime } from './claimed-values.ts';
import type { OwnPlace } from './recording-place.ts';

type Completed = Extract<RecorderResult, { outcome: 'completed' }>;

/** The most files that a status holds of one recorder. */
const MAX_FILES = 100;
const MAX_KEY_LENGTH = 1024;
const MAX_NAMED = 3;
const MAX_NAME_LENGTH = 100;
const checksum = z
  .string()
  .regex(/^[A-Z0-9-]+:[A-Za-z0-9+/=_-]+$/)
  .max(128);

export interface OwnResult {
  readonly result: RecorderResult;
  /** Which files were named that are none of the recording's; undefined: none. */
  readonly refused: string | undefined;
}

/**
 * What a recorder's result may say. The result is a claim of a program that speaks with publishers, and what stands in a
 * status is signed, listed and deleted: only files in the recording's own folder are taken from it, and of the rest only what
 * a status can hold. A result without a file of its own is a failed one.
 */
export function ownResult(claim: RecorderResult, own: OwnPlace): OwnResult {
  const { startedAt, stoppedAt, durationSeconds, ...rest } = claim;
  const held = {
    startedAt: claimedTime.safeParse(startedAt).data,
    stoppedAt: claimedTime.safeParse(stoppedAt).data,
    durationSeconds: claimedSeconds.safeParse(durationSeconds).data,
  };
  const told = { ...rest, ...present(held) };
  if (told.outcome === 'failed') return { result: told, refused: undefined };
  const files = filesOf(told);
  const isOwn = (kind: KeyContent['kind'], { key }: { key: string }): boolean =>
    told.bucket === own.bucket && key.length <= MAX_KEY_LENGTH && ownContent(key, own.place)?.kind === kind;
  const taken = files.filter((file) => isOwn('file', file)).slice(0, MAX_FILES);
  const { manifest } = told;
  const isManifestOwn = manifest !== undefined && isOwn('manifest', manifest);
  const others = [
    ...files.filter((file) => !isOwn('file', file)),
    ...(manifest && !isManifestOwn ? [manifest] : []),
  ];
  const refused = others.length === 0 ? undefined : refusal(others, told.bucket);
  const [first] = taken;
  if (!first) return { result: withoutFile(told, refused ?? ''), refused };
  const { manifest: _manifest, files: _files, checksum: _checksum, ...kept } = told;
  const result: Completed = {
    ...kept,
    ...first,
    format: formatOf(first.key) ?? told.format,
    url: `s3://${own.bucket}/${first.key}`,
    ...present({ checksum: first.key === told.key ? checksum.safeParse(told.checksum).data : undefined }),
    ...(taken.length > 1 && { files: taken }),
    ...(taken.length < files.length && {
      complete: false,
      incompleteReason: 'MediaLost',
      incompleteMessage: refused,
    }),
    ...(isManifestOwn && {
      manifest: { key: manifest.key, ...present({ checksum: checksum.safeParse(manifest.checksum).data }) },
    }),
  };
  return { result, refused };
}

/** Every file that is claimed, in order: once, however often it is named. */
function filesOf({ key, sizeBytes, files = [] }: Completed): { key: string; sizeBytes: number }[] {
  const named = new Map([{ key, sizeBytes }, ...files].map((file) => [file.key, file]));
  return [...named.values()];
}

function withoutFile({ durationSeconds, startedAt, stoppedAt }: Completed, message: string): RecorderResult {
  return {
    outcome: 'failed',
    reason: 'Internal',
    ...present({ durationSeconds, startedAt, stoppedAt }),
    error: { code: 'ForeignFile', message },
  };
}

function refusal(files: readonly { key: string }[], bucket: string): string {
  const names = files.slice(0, MAX_NAMED).map(({ key }) => quoted(key));
  const more = files.length > names.length ? ` and ${files.length - names.length} more` : '';
  return `The recorder named what does not lie in the recording's folder, and it was not taken: ${names.join(', ')}${more} in bucket ${quoted(bucket)}.`;
}

/** Control characters and halves of characters are written out. */
function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_NAME_LENGTH ? `${text.slice(0, MAX_NAME_LENGTH)}…` : text);
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
