import type { S3Server } from '../../support/s3-server.ts';

/** Something that records what is pushed to it. */
export interface Target {
  readonly name: string;
  readonly start: (place: TargetPlace) => Promise<RunningTarget>;
}

export interface TargetPlace {
  /** An empty folder of its own. */
  readonly folder: string;
  readonly s3: S3Server;
  readonly bucket: string;
}

export interface RunningTarget extends AsyncDisposable {
  /** The process whose usage counts, with all that it starts. */
  readonly pid: number;
  /** Where the publisher is to push. */
  readonly url: string;
  /** Media received so far, in s, where the target can tell. */
  readonly receivedSeconds?: () => Promise<number>;
  /** Ends the recording once its publisher has ended. */
  readonly finish: () => Promise<Finished>;
}

export interface Finished {
  /** What was recorded. */
  readonly file: string;
  /** From the stop to the file being where it is to stay. */
  readonly availableSeconds: number;
}
