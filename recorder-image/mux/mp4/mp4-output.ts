import type { Fragment } from './fragment.ts';
import type { Mp4Track } from './mp4-track.ts';

/** Where a fragment begins. */
export interface FragmentStart {
  /** Of the presentation, in ms from the file's beginning. */
  readonly atMs: number;
  /** Whether playing can begin with it. */
  readonly isEntry: boolean;
}

/** What takes a file while it is made. */
export interface Mp4Output {
  /** Called once, before the first fragment. */
  begin: (tracks: readonly Mp4Track[]) => Promise<void>;
  /** The fragment's bytes are good only until this resolves. */
  write: (fragment: Fragment, start: FragmentStart) => Promise<void>;
  /** Called once all is written; `endMs` is where the presentation ends. */
  end: (endMs: number) => Promise<void>;
}
