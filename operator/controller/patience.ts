import type { Pass } from './pass.ts';
import type { World } from './world.ts';

/**
 * Unix milliseconds after which an upload is given up that S3 has not taken since `sinceMs`. An object that is to go
 * waits no longer than a recorder has that was told to stop.
 */
export function uploadGivenUpAtMs(pass: Pass, world: World, sinceMs: number): number {
  const { uploadRetrySeconds, recorder } = world.config;
  const windowMs = sinceMs + uploadRetrySeconds * 1000;
  const { deletionTimestamp } = pass.recording.metadata;
  if (deletionTimestamp === undefined) return windowMs;
  return Math.min(windowMs, Date.parse(deletionTimestamp) + recorder.terminationGraceSeconds * 1000);
}
