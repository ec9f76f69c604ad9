import { parseArgs } from 'node:util';

export interface VerifyArguments {
  /** A folder, a manifest, or `s3://BUCKET/FOLDER/`. */
  readonly path: string;
  readonly json: boolean;
  readonly requireSignature: boolean;
  readonly keyFile: string | undefined;
}

export type ParsedArguments = VerifyArguments | 'help';

/** The arguments make no sense. */
export class UsageError extends Error {
  readonly code = 'Usage';
  override readonly name = 'UsageError';
}

/** Throws {@link UsageError}. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  const { values, positionals } = parsed(args);
  if (values.help === true) return 'help';
  const [path, more] = positionals;
  if (path === undefined) throw new UsageError('PATH is missing');
  if (more !== undefined) throw new UsageError(`one PATH at a time: ${more} is too much`);
  return {
    path,
    json: values.json ?? false,
    requireSignature: values['require-signature'] ?? false,
    keyFile: values['key-file'],
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        'require-signature': { type: 'boolean' },
        'key-file': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

export const HELP = `meetrec-verify: compares the files of a recording with its manifest.

  npm run verify -- PATH [OPTIONS]
  meetrec-verify PATH [OPTIONS]

PATH is the folder of a recording, or its manifest, or s3://BUCKET/FOLDER/. Nothing is written.

  --json                 print the report as JSON
  --require-signature    a manifest without a signature is reported
  --key-file FILE        keys that manifests may be signed with, a line each: ID SECRET, the secret as hex or base64
  --help                 print this

  MANIFEST_KEY_ID, MANIFEST_KEY                 another such key
  S3_ENDPOINT, S3_FORCE_PATH_STYLE, AWS_REGION,
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, …   as for the recorder

Exit codes: 0 all is as the manifest says, 1 something differs, 2 wrong arguments, 3 something can't be read.
`;
