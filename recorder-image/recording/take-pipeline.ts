import type { Logger } from 'pino';
import { MuxError, NoRoomError } from '../mux/take-muxer.ts';
import { ProofError } from '../proof/proof.ts';
import { PartGoneError } from '../upload/part-gone-error.ts';
import type { UploadReport } from '../upload/take-uploader.ts';
import type { UploadedFile } from '../upload/upload-state.ts';
import type { SavedTake, TakeJob } from './renditions/rendition.ts';

export interface TakePipelineOptions extends TakeJob {
  /** The file is finished; what is left is to upload it. */
  readonly onMuxed: () => void;
  readonly log: Logger;
}

/** A take's way from the journal to S3: the muxer follows the journal, and the upload follows the muxer's file. */
export class TakePipeline {
  readonly #options: TakePipelineOptions;

  constructor(options: TakePipelineOptions) {
    this.#options = options;
  }

  get report(): UploadReport {
    return this.#options.uploader.report;
  }

  /**
   * Returns when the take is whole in S3, as what was made of it or, where that is not all of it, as its journal: after it
   * has ended. Throws UploadError, or the signal's reason.
   */
  async run(signal: AbortSignal): Promise<SavedTake> {
    const { uploader, journal, onMuxed, log } = this.#options;
    // What S3 has confirmed before this process started is not made again.
    if (uploader.completed === undefined && journal.completed !== undefined)
      return await this.#giveUp(signal);
    try {
      const file = uploader.completed ?? (await this.#save(signal));
      onMuxed();
      return await this.#proven(file, signal);
    } catch (error) {
      if (!(error instanceof MuxError)) throw error;
      log.error({ error: error.message }, 'The journal of the take is stored as it is');
      return await this.#giveUp(signal);
    }
  }

  /** A file that differs from the journal does not take its place. */
  async #proven(file: UploadedFile, signal: AbortSignal): Promise<SavedTake> {
    const { journal, log } = this.#options;
    const proof = await this.#options.proof(signal);
    if (proof.differences.length === 0) return { file, proof };
    log.error({ differences: proof.differences }, 'The journal is stored beside a file that differs from it');
    return { file, proof, journal: await journal.run(signal) };
  }

  async #save(signal: AbortSignal): Promise<UploadedFile> {
    const { saveWithoutRoom, onMuxed, log } = this.#options;
    while (true) {
      try {
        return await this.#run(signal);
      } catch (error) {
        if (error instanceof NoRoomError) {
          log.warn({ error: error.message }, 'the disk has no room for the file; it is sent without one');
          onMuxed();
          return await saveWithoutRoom(signal);
        }
        if (!(error instanceof PartGoneError || error instanceof ProofError)) throw error;
        log.warn({ error: error.message }, 'the file is made once more');
      }
    }
  }

  async #giveUp(signal: AbortSignal): Promise<SavedTake> {
    const { journal, giveUp, onMuxed } = this.#options;
    onMuxed();
    const stored = await journal.run(signal);
    const file = await giveUp(signal);
    return { file, proof: file && (await this.#options.proof(signal)), journal: stored };
  }

  async #run(signal: AbortSignal): Promise<UploadedFile> {
    const { muxer, uploader, onMuxed, log } = this.#options;
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const muxed = muxer.run(either).then(() => {
      log.info('the file is made; sending the rest of it');
      uploader.finish();
      onMuxed();
    });
    const uploaded = uploader.run(either);
    try {
      const [file] = await Promise.all([uploaded, muxed]);
      return file;
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled([uploaded, muxed]);
      throw error;
    }
  }
}
