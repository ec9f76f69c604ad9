import { UploadLoop } from '../../upload/upload-loop.ts';
import type { RenditionOptions } from './rendition.ts';

/** Does it again until the object store lets it. Throws UploadError, or the signal's reason. */
export function persistently<T>(
  { patience, log }: RenditionOptions,
  request: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const loop = new UploadLoop({ ...patience, log });
  loop.finish();
  return loop.run<T>(
    async () => ({ done: await request() }),
    () => Promise.resolve(),
    signal,
  );
}
