/** A file that is made without a disk, from its first byte to its last. */
export interface StreamedOutput {
  /** Each is good only until the next one is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Settles once all has come; rejects where some of it is missing. */
  readonly whole: Promise<void>;
  /** Ends it, where nobody takes any more. Never throws. */
  readonly close: () => Promise<void>;
}
