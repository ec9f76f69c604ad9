import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { recorderPlace, withThisNode } from '../../support/media/recorder-process.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { World } from './world.ts';

/** Starts the recorder and returns the ms from the start of its process to RTMP listening. */
export async function timeToListen(world: World): Promise<number> {
  await using folder = await tempDirectory('bench');
  const { s3, bucket } = world;
  const place = await recorderPlace({ folder: folder.path, s3, bucket, env: { LOG_LEVEL: 'info' } });
  const began = performance.now();
  const child = spawn(world.program, [], {
    env: { ...process.env, ...place.env, PATH: withThisNode() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let listening: number | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"waiting for the publisher"')) continue;
    listening = performance.now() - began;
    child.kill('SIGTERM');
  }
  await exited;
  if (listening === undefined) throw new Error('the recorder ended before it was listening');
  return listening;
}
