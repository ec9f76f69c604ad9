import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION, KIND } from '../../operator/crd/names.ts';
import { streamKeySha256 } from '../../operator/crd/stream-key.ts';
import { portForward } from '../install/port-forward.ts';
import type { Workbench } from '../install/workbench.ts';
import { startChild } from '../support/child-process.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { fileKey, hasRecordedFor, isCompleted, isFailed } from './meeting.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench, uniqueName } from './workbench.ts';

describe('a MeetingRecording made with kubectl', () => {
  let workbench: Workbench;
  let folder: TempDirectory;
  let clip: string;
  beforeAll(async () => {
    workbench = await openWorkbench();
    folder = await tempDirectory('e2e-kubectl');
    clip = await makeClip(`${folder.path}/clip.flv`, { seconds: 6 });
  });
  afterAll(async () => {
    await workbench?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const create = async (streamKey: string): Promise<string> => {
    const name = uniqueName('by-hand');
    await workbench.kubectl.apply({
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { name },
      spec: { meetingId: name, source: { rtmp: { streamKeySha256: streamKeySha256(streamKey) } } },
    });
    await workbench.waitForRecording(
      name,
      'ready for a publisher',
      ({ status }) => status?.ingest !== undefined,
    );
    return name;
  };

  /** Pushes the clip in real time with plain FFmpeg, as OBS would; returns FFmpeg's exit code. */
  const publish = async (name: string, streamKey: string): Promise<number | NodeJS.Signals> => {
    const pod = (await workbench.recording(name))?.status?.podName;
    await using forward = await portForward(workbench.kubectl, `pod/${pod}`, 1935);
    const target = `rtmp://127.0.0.1:${forward.port}/live/${streamKey}`;
    const args = ['-nostdin', '-v', 'error', '-re', '-i', clip, '-c', 'copy', '-f', 'flv', target];
    await using ffmpeg = await startChild({ name: 'ffmpeg', command: await debianFfmpegPath(), args });
    return await ffmpeg.exited;
  };

  it('records what a plain FFmpeg publishes, and is stopped by desiredState', async () => {
    const key = randomBytes(16).toString('hex');
    const name = await create(key);
    expect(await publish(name, key)).toBe(0);
    await workbench.waitForRecording(name, 'recording', hasRecordedFor(0));
    await workbench.kubectl.run(
      ...['patch', 'mrec', name, '--type=merge', '--patch', '{"spec":{"desiredState":"Stopped"}}'],
    );
    const recording = await workbench.waitForRecording(name, 'completed', isCompleted);
    expect(recording.status?.file?.key).toBe(fileKey(recording));
    const recorded = `${folder.path}/by-hand.mp4`;
    await workbench.downloadObject(fileKey(recording), recorded);
    await expectEveryPacket(clip, recorded);
    await expectNothingLeft(workbench, name);

    const table = await workbench.kubectl.run('get', 'mrec', name);
    expect(table).toMatch(/NAME\s+PHASE\s+MEETING\s+FORMAT\s+DURATION\s+SIZE\s+REASON\s+AGE/);
    expect(table).toMatch(/Completed\s+\S+\s+mp4\s+\S+\s+\d+\s+StopRequested/);
  });

  it('refuses a wrong key, keeps nothing of it, and fails when no publisher comes', async () => {
    const name = await create(randomBytes(16).toString('hex'));
    expect(await publish(name, 'not-the-key')).not.toBe(0);
    const { status } = await workbench.waitForRecording(name, 'failed', isFailed);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'NoPublisher' });
    expect(status?.startedAt).toBeUndefined();
    expect(status?.file).toBeUndefined();
    await expectNothingLeft(workbench, name);
  });

  it('keeps the file when the object is deleted while it records', async () => {
    const key = randomBytes(16).toString('hex');
    const name = await create(key);
    const publishing = publish(name, key);
    const recording = await workbench.waitForRecording(name, 'recording for 2 s', hasRecordedFor(2));
    await workbench.kubectl.run('delete', 'mrec', name, '--timeout=120s');
    await publishing;
    expect(await workbench.recording(name)).toBeUndefined();
    const recorded = `${folder.path}/deleted.mp4`;
    await workbench.downloadObject(fileKey(recording), recorded);
    // The publisher was cut off in the middle: what came before is there, in order, from the first packet on.
    await expectEveryPacket(clip, recorded, { cutOff: true });
  });
});
