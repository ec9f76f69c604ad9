import type { Take } from '../../journal/take.ts';
import type { StreamedOutput } from '../../mux/streamed-output.ts';
import type { Joint } from './joined-file.ts';
import type { RenditionOptions } from './rendition.ts';

/** A file that is made of a take. */
export interface FileInMaking {
  readonly path: string;
  /** Called when the first byte is about to be written: whatever an earlier try has left is gone when this returns. */
  readonly prepare: () => Promise<void>;
}

/** How a take becomes a file of a format. */
export interface TakeFormat {
  /** Follows the take to its end. Throws what keeps it from that. */
  readonly write: (file: FileInMaking, signal: AbortSignal) => Promise<void>;
  /** The same of a finished take, for where there is no room for a file: what it makes is never gone back into. */
  readonly stream: (signal: AbortSignal) => StreamedOutput;
}

export interface FileKind {
  readonly format: 'mp4' | 'webm';
  readonly of: (take: Take, options: RenditionOptions) => TakeFormat;
  readonly joint: Joint;
}
