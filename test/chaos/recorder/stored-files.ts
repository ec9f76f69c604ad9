import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../cluster/run-command.ts';
import { manifestSchema } from '../../../recorder-image/contract/manifest.ts';
import { manifestKey } from '../../../recorder-image/contract/object-keys.ts';
import { packetHashes } from '../../support/media/packets.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import { recordedStreams } from '../../support/media/recorded-streams.ts';

/** The paths of what the recording's manifest names, in the order of the recording. `bucket` is the bucket's folder. */
export async function filesOf(bucket: string, key: string): Promise<string[]> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(bucket, manifestKey(key)), 'utf8')));
  return manifest.files.map((file) => join(bucket, file.key));
}

/** Of all files, one behind the other. */
export async function packetsOf(files: readonly string[]): Promise<PacketHashes> {
  const packets: PacketHashes[] = [];
  for (const file of files) packets.push(await packetHashes(file));
  return { video: packets.flatMap(({ video }) => video), audio: packets.flatMap(({ audio }) => audio) };
}

/** Of all files, in seconds. */
export async function durationOf(files: readonly string[]): Promise<number> {
  const entries = ['-show_entries', 'format=duration', '-of', 'csv=p=0'];
  let seconds = 0;
  for (const file of files) seconds += Number(await run('ffprobe', ['-v', 'error', ...entries, file]));
  return seconds;
}

/** How much sound there is, in seconds: that of all packets. */
export async function audioSecondsOf(files: readonly string[]): Promise<number> {
  let ms = 0;
  for (const file of files) {
    for (const { type, packets } of await recordedStreams(file))
      if (type === 'audio') ms += packets.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
  return ms / 1000;
}
