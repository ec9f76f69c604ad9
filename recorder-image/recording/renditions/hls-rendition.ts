import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Take } from '../../journal/take.ts';
import { startFfmpeg } from '../../mux/ffmpeg.ts';
import { hlsSegments } from '../../mux/recipes.ts';
import { NoRoomError, TakeMuxer } from '../../mux/take-muxer.ts';
import type { MuxOutput } from '../../mux/take-muxer.ts';
import { sizeOf } from '../../upload/file-uploader.ts';
import { PlaylistPublisher } from '../../upload/playlist-publisher.ts';
import { damageIn, PLAYLIST_FILE } from '../../upload/segment-files.ts';
import { openSegmentsUploader } from '../../upload/segments-uploader.ts';
import { UploadLoop } from '../../upload/upload-loop.ts';
import type { Step } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { segmentsFolder } from '../../contract/object-keys.ts';
import { metadataOf, timesOf } from './rendition.ts';
import type { Rendition, RenditionOptions, SavedTake, TakeJob, TakeJobEvents } from './rendition.ts';

/** One playlist that all takes add their segments to, and that can be watched while it grows. */
export class HlsRendition implements Rendition {
  readonly #options: RenditionOptions;
  readonly #playlist: PlaylistPublisher;

  constructor(options: RenditionOptions) {
    const { config, store } = options;
    this.#options = options;
    this.#playlist = new PlaylistPublisher({
      store,
      object: {
        key: config.upload.key,
        contentType: 'application/vnd.apple.mpegurl',
        metadata: metadataOf(config),
        cacheControl: 'no-cache',
      },
      times: () => timesOf(options),
      // As the playlist names them, which lies beside the folder.
      folder: encodeURIComponent(segmentsFolder(config.upload.key).split('/').at(-1) ?? ''),
    });
  }

  async openTake(take: Take, { onProgress, onAgain }: TakeJobEvents): Promise<TakeJob> {
    const { config, spool, store, patience, log, startedAt } = this.#options;
    const uploader = await openSegmentsUploader({
      ...patience,
      store,
      playlist: this.#playlist,
      takeIndex: take.index,
      startsAt: () => (startedAt() ?? 0) + take.startMs,
      folder: segmentsFolder(config.upload.key),
      metadata: metadataOf(config),
      statePath: spool.uploadStatePath(take.index),
      log: log.child({ take: take.index }),
      onProgress,
    });
    const prepare = async (): Promise<MuxOutput> => {
      const folder = await spool.segmentsFolder(take.index);
      uploader.writtenTo(folder);
      uploader.restarted();
      // Segments that are uploaded are gone, but what is new is never smaller than nothing.
      const size = async (): Promise<number> => (await readdir(folder)).length + (await sizeOf(folder));
      const damage = (ended: boolean): Promise<string | undefined> => damageIn(folder, ended);
      return { path: join(folder, PLAYLIST_FILE), recipe: hlsSegments(folder), size, damage };
    };
    const muxer = new TakeMuxer({ take, prepare, ffmpegPath: config.ffmpegPath, startFfmpeg, onAgain, log });
    const saveWithoutRoom = async (signal: AbortSignal): Promise<SavedTake> => {
      const file = await uploader.settle(signal);
      if (file === undefined) throw new NoRoomError('the disk has no room for a single segment');
      return { file, cutShort: true };
    };
    return { muxer, uploader, saveWithoutRoom };
  }

  /** Ends the playlist. What the recording weighs is all of its segments. */
  async seal(
    files: readonly UploadedFile[],
    _takes: readonly Take[],
    signal: AbortSignal,
  ): Promise<UploadedFile[]> {
    const { patience, log } = this.#options;
    const loop = new UploadLoop({ ...patience, log });
    loop.finish();
    const step = async (): Promise<Step<UploadedFile>> => {
      const done = await this.#playlist.end(signal);
      return done === undefined ? 'waiting' : { done };
    };
    const playlist = await loop.run(step, () => Promise.resolve(), signal);
    const segments = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return [{ ...playlist, sizeBytes: playlist.sizeBytes + segments }];
  }
}
