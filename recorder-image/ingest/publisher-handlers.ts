import type { Track } from '../journal/flv.ts';
import type { Publisher } from './publisher.ts';

/** What a publisher is to be told of a track that can't be recorded. */
export interface MediaRefusal {
  /** A sentence that names the codec. */
  readonly refused: string;
  /** It has sent nothing that could be recorded, for so long that it is to be sent away. */
  readonly fatal: boolean;
}

export interface PublisherHandlers {
  /** Whether it knows the key. Then its turn comes: it is let in by `start`, or turned away by `reject`. */
  readonly onPublish: (publisher: Publisher, app: string, streamKey: string) => boolean;
  readonly onMedia: (
    publisher: Publisher,
    track: Track,
    timestamp: number,
    payload: Buffer,
  ) => MediaRefusal | undefined;
  /** All that has come was handed on, and nothing more will be for 200 ms. */
  readonly onRest: () => void;
  /** It does not publish any more: it has said so, or its connection is closed. It may publish again. */
  readonly onUnpublish: (publisher: Publisher) => void;
  /** It is turned away before it has proved the key. */
  readonly onRefused: (publisher: Publisher, why: string, kind: 'late' | 'refused') => void;
  /** Called once, as soon as nothing more is taken from it. */
  readonly onGone: (publisher: Publisher) => void;
}
