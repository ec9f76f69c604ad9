import { S3ObjectStore } from '../upload/s3-object-store.ts';
import { openFolderSource } from './folder-source.ts';
import { loadKeys } from './keys.ts';
import { HELP, parseArguments, UsageError } from './options.ts';
import { Progress } from './progress.ts';
import { renderReport } from './report.ts';
import { s3Source } from './s3-source.ts';
import { UnreadableError } from './source.ts';
import type { VerifySource } from './source.ts';
import { verifyRecording } from './verify-recording.ts';

export const VERIFY_EXIT_CODES = { fine: 0, differs: 1, usage: 2, unreadable: 3 } as const;
export type VerifyExitCode = (typeof VERIFY_EXIT_CODES)[keyof typeof VERIFY_EXIT_CODES];

export interface RunVerifyOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
  /** For people who wait, and for what goes wrong. */
  readonly complain: (text: string) => void;
}

/** Compares a recording with its manifest, prints what it found, and returns the exit code. */
export async function runVerify(options: RunVerifyOptions): Promise<VerifyExitCode> {
  const { args, env, signal, print, complain } = options;
  try {
    const parsed = parseArguments(args);
    if (parsed === 'help') {
      print(HELP);
      return VERIFY_EXIT_CODES.fine;
    }
    const { path, json, requireSignature, keyFile } = parsed;
    const keys = await loadKeys(env, keyFile);
    const source = await sourceOf(path, env);
    const progress = new Progress(complain);
    const onProgress = (file: string, bytes: number): void => progress.report(file, bytes);
    const report = await verifyRecording({ source, keys, requireSignature, onProgress }, signal);
    print(json ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report));
    return report.ok ? VERIFY_EXIT_CODES.fine : VERIFY_EXIT_CODES.differs;
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`${error.message}\n\n${HELP}`);
      return VERIFY_EXIT_CODES.usage;
    }
    if (!(error instanceof UnreadableError) && !signal.aborted) throw error;
    complain(`${(error as Error).message}\n`);
    return VERIFY_EXIT_CODES.unreadable;
  }
}

async function sourceOf(path: string, env: RunVerifyOptions['env']): Promise<VerifySource> {
  if (!path.startsWith('s3://')) return await openFolderSource(path);
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(path) ?? [];
  if (bucket === undefined || key === undefined) throw new UsageError(`${path} is no s3://BUCKET/FOLDER/`);
  const store = new S3ObjectStore({
    bucket,
    ...(env['S3_ENDPOINT'] ? { endpoint: env['S3_ENDPOINT'] } : {}),
    forcePathStyle: ['true', '1'].includes(env['S3_FORCE_PATH_STYLE'] ?? ''),
  });
  return s3Source(store, bucket, key);
}
