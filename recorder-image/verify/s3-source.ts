import { MANIFEST_FILE } from '../contract/object-keys.ts';
import { ObjectStoreError } from '../upload/object-store.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import { UnreadableError } from './source.ts';
import type { VerifySource } from './source.ts';

/** A recording in an object store; `path` is its folder, with a slash at its end, or its manifest. */
export function s3Source(store: ObjectStore, bucket: string, path: string): VerifySource {
  const manifest = path === '' || path.endsWith('/') ? `${path}${MANIFEST_FILE}` : path;
  const folder = manifest.slice(0, manifest.lastIndexOf('/') + 1);
  const read: VerifySource['read'] = async (file, onBytes, signal) => {
    try {
      return await store.read(`${folder}${file}`, onBytes, signal);
    } catch (error) {
      if (!(error instanceof ObjectStoreError)) throw error;
      throw new UnreadableError(error.message, { cause: error });
    }
  };
  return {
    name: `s3://${bucket}/${manifest}`,
    manifest: async (signal) => {
      const pieces: Buffer[] = [];
      const onBytes = (bytes: Buffer): void => void pieces.push(Buffer.from(bytes));
      if (!(await read(manifest.slice(folder.length), onBytes, signal)))
        throw new UnreadableError(`there is no s3://${bucket}/${manifest}`);
      return Buffer.concat(pieces).toString('utf8');
    },
    read,
  };
}
