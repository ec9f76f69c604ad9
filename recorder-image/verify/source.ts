/** Where a recording's files are. */
export interface VerifySource {
  /** For people. */
  readonly name: string;
  /** The manifest's text. Throws {@link UnreadableError}. */
  manifest: (signal: AbortSignal) => Promise<string>;
  /**
   * Hands a file's bytes on in order; false where there is no such file. `path` is relative to the manifest's folder. Throws
   * {@link UnreadableError}.
   */
  read: (path: string, onBytes: (bytes: Buffer) => void, signal: AbortSignal) => Promise<boolean>;
}

/** Nothing can be said of the recording, for it can't be read. */
export class UnreadableError extends Error {
  readonly code = 'Unreadable';
  override readonly name = 'UnreadableError';
}
