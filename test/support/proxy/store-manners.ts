import type { Manner, S3Request } from './s3-manner.ts';

export const isPart = ({ method, url }: S3Request): boolean =>
  method === 'PUT' && url.includes('partNumber=');
export const isCompletion = ({ method, url }: S3Request): boolean =>
  method === 'POST' && url.includes('uploadId=');
export const isCreation = ({ method, url }: S3Request): boolean =>
  method === 'POST' && url.includes('uploads');

export function failure(code: string, message = code): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

export function refusal(status: number, code: string, message?: string): Manner {
  return { answer: { status, body: failure(code, message) } };
}

/** Of a store that knows no checksums, and says so. */
export function refusesChecksums({ headers }: S3Request): Manner | undefined {
  const checksum = Object.keys(headers).find((name) => /checksum|trailer/.test(name));
  if (checksum === undefined) return undefined;
  return refusal(400, 'InvalidArgument', `Unsupported header '${checksum}' received for this API call`);
}

/** Of a store that gives metadata back under other names; undefined leaves one out. */
export function renamesMetadata(nameOf: (name: string) => string | undefined): Manner {
  return {
    rewrite: (headers) =>
      Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) => {
          const changed = name.startsWith('x-amz-meta-') ? nameOf(name) : name;
          return changed === undefined ? [] : [[changed, value]];
        }),
      ),
  };
}

/** Of a store that refuses about every second request; the seed decides which. */
export function slowDownStorm(seed: number): () => Manner | undefined {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state < 2 ** 31 ? refusal(503, 'SlowDown', 'Please reduce your request rate.') : undefined;
  };
}

/** Of a store that answers its first completions with 200 and an error, without doing anything. */
export function failsCompletions(times: number): (request: S3Request) => Manner | undefined {
  let refused = 0;
  return (request) => {
    if (!isCompletion(request) || refused === times) return undefined;
    refused += 1;
    return refusal(200, 'InternalError', 'We encountered an internal error. Please try again.');
  };
}
