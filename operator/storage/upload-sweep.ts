import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, NoSuchUpload } from '@aws-sdk/client-s3';
import type { ListMultipartUploadsCommandOutput, MultipartUpload, S3Client } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordingNames } from './recording-names.ts';
import { s3Client } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';

/** Whether a recording of this name is at work; when it ended, in Unix milliseconds; undefined: there is none. */
export type KnownRecording = 'active' | { endedAtMs: number } | undefined;

export interface UploadSweepOptions {
  readonly access: S3Access;
  readonly bucket: string;
  /** What the keys of recordings begin with. */
  readonly keyPrefix: string;
  readonly intervalMs: number;
  /** Looks a recording up by its name. */
  readonly find: (name: string) => KnownRecording;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly onAborted: (upload: { key: string; uploadId: string }) => void;
  /** Told once a round at most. */
  readonly onError: (error: unknown) => void;
}

/** Milliseconds after its end in which a recording's uploads may still be put in order by somebody else. */
const SETTLED_MS = 3_600_000;
/**
 * Milliseconds after which an upload that no recording here knows is nobody's: a recording takes a day at most, and the
 * bucket may be shared with an installation whose recordings are not known here.
 */
const NOBODYS_MS = 2 * 86_400_000;
const REQUEST_MS = 30_000;

/**
 * Aborts multipart uploads that can't become a file any more: of recordings that have ended or are gone. They can't be
 * seen in the bucket, and are billed all the same. Harmless to do twice, so every replica may.
 */
export class UploadSweep {
  readonly #options: UploadSweepOptions;
  readonly #client: S3Client;

  constructor(options: UploadSweepOptions) {
    this.#options = options;
    this.#client = s3Client(options.access);
  }

  close(): void {
    this.#client.destroy();
  }

  /** Sweeps now and after each interval, until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.sweep(signal);
      } catch (error) {
        if (!signal.aborted) this.#options.onError(error);
      }
      await sleep(this.#options.intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One look at all of them. Throws what the AWS SDK throws. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { bucket, keyPrefix } = this.#options;
    let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (marker) {
      const page: ListMultipartUploadsCommandOutput = await this.#client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: keyPrefix, ...marker }),
        { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) },
      );
      for (const upload of page.Uploads ?? []) if (this.#isNobodys(upload)) await this.#abort(upload, signal);
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      marker = page.IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined;
    }
  }

  #isNobodys({ Key: key = '', Initiated: initiated }: MultipartUpload): boolean {
    const { keyPrefix, find, now } = this.#options;
    const names = recordingNames(key, keyPrefix);
    if (names.length === 0 || initiated === undefined) return false;
    const known = names.map(find).filter((recording) => recording !== undefined);
    if (known.includes('active')) return false;
    const endedAtMs = Math.max(
      ...known.map((recording) => (recording === 'active' ? 0 : recording.endedAtMs)),
    );
    // One that was begun after the end may be of another recording under the name, which is not seen yet.
    const itsOwn = initiated.getTime() <= endedAtMs;
    return itsOwn ? now() - endedAtMs > SETTLED_MS : now() - initiated.getTime() > NOBODYS_MS;
  }

  async #abort(
    { Key: key = '', UploadId: uploadId = '' }: MultipartUpload,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#client.send(
        new AbortMultipartUploadCommand({ Bucket: this.#options.bucket, Key: key, UploadId: uploadId }),
        { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) },
      );
    } catch (error) {
      // Somebody else was faster.
      if (error instanceof NoSuchUpload) return;
      throw error;
    }
    this.#options.onAborted({ key, uploadId });
  }
}
