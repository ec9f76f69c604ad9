import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from '../child-process.ts';
import type { Child } from '../child-process.ts';
import type { S3Server } from '../s3-server.ts';
import { waitFor } from '../wait-for.ts';
import { publish } from './publish.ts';
import { startRecorder } from './recorder-process.ts';
import type { RecorderPlace } from './recorder-process.ts';

const SALVAGE = join(import.meta.dirname, '../../../recorder-image/bin/salvage.ts');
/** The smallest part that S3 takes, but for the last one. */
const PART_BYTES = 5 * 1024 * 1024;

/** Recorders that are lost with their nodes, and what is saved of their recordings. */
export class LostRecordings {
  readonly #s3: S3Server;
  readonly #bucket: string;

  constructor(s3: S3Server, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  /** The path of an object's file. */
  objectOf({ s3Key }: Pick<RecorderPlace, 's3Key'>): string {
    return join(this.#s3.directory, this.#bucket, s3Key);
  }

  /** How many multipart uploads are open whose key begins like this. */
  async openUploads({ s3Key }: Pick<RecorderPlace, 's3Key'>): Promise<number> {
    const client = this.#s3.client();
    try {
      const list = new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: s3Key });
      return ((await client.send(list)).Uploads ?? []).length;
    } finally {
      client.destroy();
    }
  }

  /** Records clips and then loses the node, spool and all: nothing is left but what is in S3. */
  async lose(
    place: RecorderPlace,
    uploaded: number | (() => Promise<boolean>),
    published: { readonly clips: readonly string[]; readonly realTime?: boolean },
  ): Promise<void> {
    const { clips, realTime = false } = published;
    await using recorder = await startRecorder(place);
    for (const file of clips) await publish({ file, url: recorder.url, realTime });
    const isThere =
      typeof uploaded === 'number'
        ? async () => (await recorder.status()).bytesUploaded >= uploaded
        : uploaded;
    await waitFor(isThere, { what: 'parts in S3', timeoutMs: 120_000 });
    const first = { what: 'the first take in S3', timeoutMs: 120_000 };
    if (clips.length > 1) await waitFor(() => existsSync(this.objectOf(place)), first);
    await recorder.kill();
    await rm(place.spool, { recursive: true, maxRetries: 5, retryDelay: 100 });
  }

  /** Leaves an upload with these bytes, as a recorder that is lost while it uploads them. */
  async leaveUpload(key: string, bytes: Buffer, metadata: Record<string, string> = {}): Promise<void> {
    const client = this.#s3.client();
    try {
      const object = { Bucket: this.#bucket, Key: key };
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ ...object, Metadata: metadata }),
      );
      for (let part = 0; part * PART_BYTES < bytes.length; part += 1) {
        const Body = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
        await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: part + 1, Body }));
      }
    } finally {
      client.destroy();
    }
  }
}

export async function startSalvage(
  place: RecorderPlace,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const all = { ...place.env, ...env };
  return await startChild({ name: 'salvage', command: process.execPath, args: [SALVAGE], env: all });
}

/** Returns the exit code. */
export async function salvage(
  place: RecorderPlace,
  env: Readonly<Record<string, string>> = {},
): Promise<number | NodeJS.Signals> {
  await using child = await startSalvage(place, env);
  return await child.exited;
}
