import { randomBytes } from 'node:crypto';
import { API_VERSION, KIND } from '../../operator/crd/names.ts';
import { streamKeySha256 } from '../../operator/crd/stream-key.ts';
import type { Workbench } from '../install/workbench.ts';
import { startChild } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { uniqueName } from './workbench.ts';

/** A recording that waits for whoever holds the key. */
export interface OpenRecording {
  readonly name: string;
  readonly streamKey: string;
  /** `rtmp://HOST:PORT/live` */
  readonly url: string;
  readonly podName: string;
}

/** Makes an object that takes a publisher of its own, and waits until it says where. Its meeting has its name. */
export async function openRecording(workbench: Workbench, prefix: string): Promise<OpenRecording> {
  const streamKey = randomBytes(16).toString('hex');
  const name = uniqueName(prefix);
  await workbench.kubectl.apply({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name },
    spec: { meetingId: name, source: { rtmp: { streamKeySha256: streamKeySha256(streamKey) } } },
  });
  const { status } = await workbench.waitForRecording(
    name,
    'ready for a publisher',
    (recording) => recording.status?.ingest !== undefined,
  );
  return { name, streamKey, url: status?.ingest?.url ?? '', podName: status?.podName ?? '' };
}

/** Pushes the clip in real time with plain FFmpeg, as OBS would, from this machine straight to the ingest address. */
export async function publishTo(
  { url, streamKey }: Pick<OpenRecording, 'url' | 'streamKey'>,
  clip: string,
): Promise<Child> {
  const target = `${url}/${streamKey}`;
  const args = ['-nostdin', '-v', 'error', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', target];
  return await startChild({ name: 'ffmpeg', command: await debianFfmpegPath(), args });
}

export async function stopRecording(workbench: Workbench, name: string): Promise<void> {
  const patch = '{"spec":{"desiredState":"Stopped"}}';
  await workbench.kubectl.run('patch', 'mrec', name, '--type=merge', '--patch', patch);
}
