import type { TrackConfig } from '../../media/track.ts';
import { audioEntry } from './audio-entry.ts';
import type { SoundFormat } from './codec/sound-format.ts';
import type { PictureSize } from './codec/picture-size.ts';
import { videoEntry, videoEntryWithoutSize } from './video-entry.ts';

/** What a track's header says of how it is coded. */
export type SampleEntry = {
  /** The entry of `stsd`. */
  readonly bytes: readonly Buffer[];
} & (({ readonly kind: 'audio' } & SoundFormat) | ({ readonly kind: 'video' } & PictureSize));

const NO_FRAME = Buffer.alloc(0);

/**
 * The sample entry of a track, by its configuration and, for codecs whose frames say more, one of its frames. Undefined
 * where neither says enough, or where MP4 has no name for the codec.
 */
export function sampleEntry(config: TrackConfig, frame: Buffer = NO_FRAME): SampleEntry | undefined {
  try {
    return audioEntry(config, frame) ?? videoEntry(config, frame);
  } catch (error) {
    // What is cut short or broken says nothing.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The entry of a track of which no frame has come that says more; undefined where there can be none. */
export function provisionalEntry(config: TrackConfig): SampleEntry | undefined {
  return videoEntryWithoutSize(config);
}
