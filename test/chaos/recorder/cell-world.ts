import type { S3Server } from '../../support/s3-server.ts';
import type { CodecClips } from './codec-clips.ts';
import type { Clips } from './media.ts';
import type { TakeClips } from './take-clips.ts';

export interface CellWorld {
  readonly s3: S3Server;
  readonly bucket: string;
  readonly clips: Clips & CodecClips;
  readonly takeClips: TakeClips;
  /** The recorder: its bundle, or its source. */
  readonly program: string;
}
