/** The recorder's exit codes; Kubernetes shows them, and the controller decides by them. */
export const EXIT_CODES = {
  /** The result is written and there is nothing left to do. */
  done: 0,
  /** Anything else: started again, it resumes. */
  failed: 1,
  /** No publisher came, or none had when it was told to stop. */
  noPublisher: 10,
  /** The file can't be made or brought to S3; the recording is still in the spool. */
  uploadImpossible: 11,
  /** The disk was full before anything could be kept. */
  diskFull: 12,
  /** The environment is wrong. */
  badConfiguration: 13,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
