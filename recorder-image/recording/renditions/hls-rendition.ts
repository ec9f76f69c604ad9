import { contentTypeOf } from '../../contract/formats.ts';
import { segmentsFolder } from '../../contract/object-keys.ts';
import type { Take } from '../../journal/take.ts';
import { mp4Pieces } from '../../mux/mp4/mp4-pieces.ts';
import { writeSegments } from '../../mux/mp4/segment-folder.ts';
import { MuxError, TakeMuxer } from '../../mux/take-muxer.ts';
import { takeSource } from '../../mux/take-source.ts';
import { PlaylistPublisher } from '../../upload/playlist-publisher.ts';
import { INIT_FILE, PLAYLIST_FILE } from '../../upload/segment-files.ts';
import { openSegmentsUploader } from '../../upload/segments-uploader.ts';
import type { SegmentsUploader } from '../../upload/segments-uploader.ts';
import { UploadLoop } from '../../upload/upload-loop.ts';
import type { Step } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { sourceOptions } from './mp4-source.ts';
import { persistently } from './persistently.ts';
import { journalsOf, metadataOf, timesOf } from './rendition.ts';
import type {
  FileContent,
  Rendition,
  RenditionOptions,
  SavedTake,
  StoredFile,
  TakeJob,
  TakeJobEvents,
} from './rendition.ts';
import { JournalUpload } from './save-journal.ts';
import { openTakeProof } from './take-proof.ts';

/** One playlist that all takes add their segments to, and that can be watched while it grows. */
export class HlsRendition implements Rendition {
  readonly #options: RenditionOptions;
  readonly #playlist: PlaylistPublisher;
  readonly #uploaders = new Map<number, SegmentsUploader>();

  constructor(options: RenditionOptions) {
    const { config, store } = options;
    this.#options = options;
    this.#playlist = new PlaylistPublisher({
      store,
      object: {
        key: config.upload.key,
        contentType: contentTypeOf('m3u8'),
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
    const proof = await openTakeProof(this.#options, take, 'm3u8');
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
      observer: proof,
    });
    this.#uploaders.set(take.index, uploader);
    const make = async (signal: AbortSignal): Promise<void> => {
      const source = await takeSource(take, sourceOptions(this.#options), signal);
      const folder = await spool.segmentsFolder(take.index);
      uploader.writtenTo(folder);
      uploader.restarted();
      await writeSegments(mp4Pieces(source), folder, { playlist: PLAYLIST_FILE, init: INIT_FILE });
    };
    return {
      muxer: new TakeMuxer({ take, make, onAgain, log }),
      uploader,
      journal: await JournalUpload.open(this.#options, take),
      proof: (signal) => {
        const keys = uploader.objects.map(({ key }) => key);
        return persistently(this.#options, () => proof.of(keys, signal), signal);
      },
      saveWithoutRoom: () => Promise.reject(new MuxError('The disk has no room for segments')),
      // What can be watched can be watched on.
      giveUp: (signal) => uploader.settle(signal),
    };
  }

  /** Ends the playlist. What the recording weighs is all of its segments. */
  async seal(
    saved: readonly SavedTake[],
    takes: readonly Take[],
    signal: AbortSignal,
  ): Promise<readonly StoredFile[]> {
    const { patience, log } = this.#options;
    const journals = journalsOf(saved);
    const files = saved.flatMap(({ file }) => file ?? []);
    if (files.length === 0) return journals;
    const loop = new UploadLoop({ ...patience, log });
    loop.finish();
    const step = async (): Promise<Step<UploadedFile>> => ({ done: await this.#playlist.end(signal) });
    const playlist = await loop.run(step, () => Promise.resolve(), signal);
    const segments = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const contents = saved.flatMap(({ proof }, index): FileContent[] => {
      const take = takes[index]?.index ?? 1;
      const objects = this.#uploaders.get(take)?.objects ?? [];
      return proof === undefined ? [] : [{ takes: [take], proof, objects }];
    });
    const sizeBytes = playlist.sizeBytes + segments;
    return [
      { ...playlist, sizeBytes, objectBytes: playlist.sizeBytes, format: 'm3u8', contents },
      ...journals,
    ];
  }
}
