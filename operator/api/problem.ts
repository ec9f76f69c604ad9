import type { RecordingSubdocument } from '../meetings/meeting.ts';
import { ERROR_CODES } from './error-codes.ts';
import type { ErrorCode } from './error-codes.ts';

/** One wrong field. */
export interface FieldError {
  /** JSON Pointer into the body (`/fps`), or the name of a query parameter or header. */
  readonly field: string;
  readonly message: string;
}

interface ProblemExtras extends ErrorOptions {
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that the API says no to. `detail` says what to do. */
export class ProblemError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, detail: string, extras: ProblemExtras = {}) {
    super(detail, extras);
    this.name = 'ProblemError';
    this.code = code;
    this.errors = extras.errors;
    this.headers = extras.headers ?? {};
  }
}

/** Problem details as RFC 9457 has them, with `code` for programs. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly recording?: RecordingSubdocument;
}

export function problem(
  code: ErrorCode,
  detail: string,
  extras: Pick<Problem, 'requestId' | 'errors' | 'recording'>,
): Problem {
  const { status, title } = ERROR_CODES[code];
  return { type: `urn:meetrec:error:${code}`, title, status, detail, code, ...extras };
}
