import { join } from 'node:path';
import { pino } from 'pino';
import { openFileUploader } from '../file-uploader.ts';
import type { FileUploader, FileUploaderOptions } from '../file-uploader.ts';
import type { ObjectStore } from '../object-store.ts';

/** Bytes. */
export const PART = 1000;
export const KEY = 'recordings/a.mp4';

/** The file whose growth an uploader of {@link testUploader} follows. */
export function outputIn(folder: string): string {
  return join(folder, 'take-1.mp4');
}

/** An uploader of the file in this folder, with its state there, that is impatient. */
export function testUploader(
  folder: string,
  store: ObjectStore,
  options: Partial<FileUploaderOptions> = {},
): Promise<FileUploader> {
  return openFileUploader({
    store,
    object: { key: KEY, contentType: 'video/mp4', metadata: { 'recording-id': 'a' } },
    path: outputIn(folder),
    statePath: join(folder, 'upload.json'),
    partSize: PART,
    times: () => ({}),
    space: { punchHole: () => Promise.reject(new Error('not here')), batchBytes: PART },
    giveUpAfterMs: 10,
    random: () => 0,
    log: pino({ level: 'silent' }),
    onProgress: () => undefined,
    onTrouble: () => undefined,
    ...options,
  });
}
