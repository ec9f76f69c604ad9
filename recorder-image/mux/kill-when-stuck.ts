import { abortable } from '../support/abortable.ts';
import { pause } from '../support/pause.ts';
import type { FfmpegProcess } from './ffmpeg.ts';

/** An FFmpeg that has something to do and has not moved for this long, in ms, hangs. */
const STUCK_AFTER_MS = 30_000;

export interface StuckOptions {
  readonly process: FfmpegProcess;
  /** Whether it has something to do: a live recording often has nothing until more media comes. */
  readonly isBusy: () => boolean;
  /** Figures that change as long as it moves. Asked for only when it is busy. */
  readonly progress: () => Promise<readonly number[]>;
  /** Called before it is killed. */
  readonly onStuck: () => void;
  readonly stuckAfterMs?: number | undefined;
}

/** Kills an FFmpeg that hangs. Returns when it has done that, or when `over` is aborted. */
export async function killWhenStuck(options: StuckOptions, over: AbortSignal): Promise<void> {
  const { process, isBusy, progress, onStuck, stuckAfterMs = STUCK_AFTER_MS } = options;
  const lookMs = stuckAfterMs / 12;
  let seen: string | undefined;
  let stillMs = 0;
  // One that waits for a slot does not hang.
  await abortable(process.started, over).catch(() => undefined);
  while (stillMs < stuckAfterMs) {
    await pause(lookMs, [over]);
    if (over.aborted) return;
    const now = isBusy() ? String(await progress()) : undefined;
    stillMs = now !== undefined && now === seen ? stillMs + lookMs : 0;
    seen = now;
  }
  onStuck();
  process.kill();
}
