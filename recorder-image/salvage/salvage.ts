import { completed, failedWith, failedWithoutMedia } from '../recording/outcome.ts';
import type { Outcome } from '../recording/outcome.ts';
import { ObjectStoreError } from '../upload/object-store.ts';
import { UploadLoop } from '../upload/upload-loop.ts';
import type { Step } from '../upload/upload-loop.ts';
import { salvageFiles } from './salvage-files.ts';
import type { SalvageContext } from './salvage-files.ts';
import { isOfSalvage, toldBy, writeSalvageManifest } from './salvage-manifest.ts';
import type { SalvageManifest } from './salvage-manifest.ts';
import { salvagePlaylist } from './salvage-playlist.ts';
import type { Salvaged } from './salvage-playlist.ts';

/**
 * Makes a playable recording of what a recorder had stored that was lost with its node, its spool and all. Each step
 * begins with what there is, so that it can be ended anywhere and run again; run once more it says the same.
 */
export async function salvage(context: SalvageContext, signal: AbortSignal): Promise<Outcome> {
  const { config, log } = context;
  const { giveUpAfterMs, format, s3 } = config;
  const loop = new UploadLoop({
    giveUpAfterMs,
    random: () => Math.random(),
    onTrouble: () => undefined,
    log,
  });
  loop.finish();
  const save = format === 'm3u8' ? salvagePlaylist : salvageFiles;
  const step = (): Promise<Step<Salvaged>> => whole(() => save(context, signal));
  try {
    const { files, ...said } = await loop.run(step, () => Promise.resolve(), signal);
    if (files.length === 0) return failedWithoutMedia('Stopped');
    const tell = (): Promise<Step<SalvageManifest>> =>
      whole(() => writeSalvageManifest(context, { files, times: said }, signal));
    const { manifest, times, known } = await loop.run(tell, () => Promise.resolve(), signal);
    const stored = files.map((file) => ({ ...file, format, contents: [] }));
    return completed({
      ...{ reason: 'Salvaged', files: stored, times, manifest, config: { upload: { s3 } } },
      ...(known === undefined || isOfSalvage(known) ? {} : { completeness: toldBy(known) }),
    });
  } catch (error) {
    signal.throwIfAborted();
    log.error({ error }, 'what was stored could not be saved');
    return failedWith(error, {});
  }
}

/** It begins again with what there is: whatever the store goes on to say but trouble of its own is a refusal. */
async function whole<T>(work: () => Promise<T>): Promise<Step<T>> {
  try {
    return { done: await work() };
  } catch (error) {
    if (!(error instanceof ObjectStoreError) || error.failure === 'transient') throw error;
    const { message, code, cause } = error;
    throw new ObjectStoreError(message, { code, failure: 'refused', cause });
  }
}
