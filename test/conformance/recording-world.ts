import { join } from 'node:path';
import { expect } from 'vitest';
import type { Tag } from '../../recorder-image/journal/flv.ts';
import { makeClip } from '../support/media/clip.ts';
import { readFlvTags } from '../support/media/flv-tags.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import type { PacketHashes } from '../support/media/packets.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace, RecorderProcess } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const BUCKET = 'recordings';

export interface Recording extends AsyncDisposable {
  readonly place: RecorderPlace;
  readonly recorder: RecorderProcess;
  /**
   * Stops the recorder and compares the one file in S3 with what was published, one behind the other. Throws when a
   * packet is missing, is there twice, or stands elsewhere.
   */
  readonly finish: (...published: readonly PacketHashes[]) => Promise<void>;
}

/** Real S3 and a clip, and recorders that are started as processes of their own. */
export interface RecordingWorld extends AsyncDisposable {
  /** An FLV file. */
  readonly clip: string;
  readonly tags: readonly Tag[];
  readonly packets: PacketHashes;
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<Recording>;
}

export async function recordingWorld({ seconds = 4 } = {}): Promise<RecordingWorld> {
  await using starting = new AsyncDisposableStack();
  const s3 = starting.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = starting.use(await tempDirectory('clips'));
  const clip = await makeClip(join(clips.path, 'clip.flv'), { seconds });
  const tags = await readFlvTags(clip);
  const packets = await packetHashes(clip);
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<Recording> => {
    await using beginning = new AsyncDisposableStack();
    const folder = beginning.use(await tempDirectory('recorder'));
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    const recorder = beginning.use(await startRecorder(place));
    const resources = beginning.move();
    const finish = async (...published: readonly PacketHashes[]): Promise<void> => {
      expect(await recorder.stop()).toBe(0);
      expect(await readResult(place)).toMatchObject({ outcome: 'completed', key: place.s3Key });
      const recorded = await packetHashes(join(s3.directory, BUCKET, place.s3Key));
      const { ok, video, audio } = comparePackets(inOrder(published), recorded);
      expect({ ok, video, audio }).toEqual({
        ok: true,
        video: { ...video, missing: 0, extra: 0, firstMissing: undefined },
        audio: { ...audio, missing: 0, extra: 0, firstMissing: undefined },
      });
    };
    return { place, recorder, finish, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  };
  const resources = starting.move();
  return { clip, tags, packets, start, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function inOrder(published: readonly PacketHashes[]): PacketHashes {
  return {
    video: published.flatMap(({ video }) => video),
    audio: published.flatMap(({ audio }) => audio),
  };
}
