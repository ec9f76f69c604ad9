import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, NoSuchUpload } from '@aws-sdk/client-s3';
import type { ListMultipartUploadsCommandOutput, MultipartUpload, S3Client } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseKey } from '../../recorder-image/contract/object-keys.ts';
import { s3Client } from './s3-access.ts';
import type { S3Access } from './s3-access.ts';

/** Whether a recording is at work; when it ended, in Unix milliseconds; undefined: there is none. */
export type KnownRecording = 'active' | { endedAtMs: number } | undefined;

/** The recordings of this moment. */
export interface KnownRecordings {
  /** By the first twelve hex digits of the object's UID. */
  readonly byUid: (uid12: string) => KnownRecording;
  /** By the object's name, of those that were begun before recordings had folders of their own. */
  readonly byName: (name: string) => KnownRecording;
}

export interface UploadSweepOptions {
  readonly access: S3Access;
  readonly bucket: string;
  /** What the keys of recordings begin with, and how their folders are named after that. */
  readonly keyPrefix: string;
  readonly keyTemplate: string;
  readonly intervalMs: number;
  /** Asked for once a round. */
  readonly known: () => KnownRecordings;
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
    const known = this.#options.known();
    let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (marker) {
      const page: ListMultipartUploadsCommandOutput = await this.#client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: keyPrefix, ...marker }),
        { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) },
      );
      for (const upload of page.Uploads ?? [])
        if (this.#isNobodys(upload, known)) await this.#abort(upload, signal);
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      marker = page.IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined;
    }
  }

  #isNobodys({ Key: key = '', Initiated: initiated }: MultipartUpload, known: KnownRecordings): boolean {
    const { keyPrefix: prefix, keyTemplate: template, now } = this.#options;
    const parsed = parseKey(key, { prefix, template });
    if (parsed === undefined || initiated === undefined) return false;
    const owners =
      parsed.layout === 'folder'
        ? [known.byUid(parsed.uid12)]
        : parsed.readings.map(({ name }) => known.byName(name));
    if (owners.includes('active')) return false;
    const endedAtMs = Math.max(
      ...owners.map((recording) => (typeof recording === 'object' ? recording.endedAtMs : 0)),
    );
    // One that was begun after the end may be of a recording that is not seen yet, or of somebody who mends another.
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
