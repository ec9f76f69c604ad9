import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION, KIND } from '../../operator/crd/names.ts';
import { streamKeySha256 } from '../../operator/crd/stream-key.ts';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import type { Workbench } from '../install/workbench.ts';
import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { isCompleted } from './meeting.ts';
import { publishTo, stopRecording } from './plain-publisher.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench, uniqueName } from './workbench.ts';

describe('what somebody new tries on the first day', () => {
  let workbench: Workbench;
  let folder: TempDirectory;
  beforeAll(async () => {
    workbench = await openWorkbench();
    folder = await tempDirectory('e2e-first-day');
  });
  afterAll(async () => {
    await workbench?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Applies the object, publishes the clip to it, and stops it: as the README has it, with a key of one's own. */
  async function record(name: string, clip: string): Promise<MeetingRecording> {
    const streamKey = randomBytes(16).toString('hex');
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
    await using publisher = await publishTo({ url: status?.ingest?.url ?? '', streamKey }, clip);
    expect(await publisher.exited).toBe(0);
    await stopRecording(workbench, name);
    const recording = await workbench.waitForRecording(name, 'completed', isCompleted);
    await expectNothingLeft(workbench, name);
    return recording;
  }

  const conditionOf = ({ status }: MeetingRecording, type: string) =>
    status?.conditions?.find((condition) => condition.type === type);

  async function downloaded(recording: MeetingRecording, file: string): Promise<string> {
    const path = `${folder.path}/${file}`;
    await workbench.downloadObject(recording.status?.file?.key ?? '', path);
    return path;
  }

  it('applies an object, deletes it and applies it again: each recording keeps its own file', async () => {
    const name = uniqueName('standup');
    const clips = [
      await makeClip(`${folder.path}/monday.flv`, { seconds: 3 }),
      await makeClip(`${folder.path}/tuesday.flv`, { seconds: 4, size: '480x270' }),
    ];
    const recordings: MeetingRecording[] = [];
    for (const clip of clips) {
      recordings.push(await record(name, clip));
      await workbench.kubectl.run('delete', 'mrec', name, '--timeout=60s');
    }
    expect(new Set(recordings.map(({ status }) => status?.file?.key)).size).toBe(2);
    for (const [index, recording] of recordings.entries()) {
      expect(conditionOf(recording, 'Complete')).toMatchObject({ status: 'True' });
      await expectEveryPacket(clips[index] ?? '', await downloaded(recording, `standup-${index}.mp4`));
    }
  });

  it('publishes H.264 with G.711: the picture is copied and the sound is encoded', async () => {
    const clip = await makeClip(`${folder.path}/aac.flv`, { seconds: 4 });
    const g711 = `${folder.path}/g711.flv`;
    const encode = ['-c:v', 'copy', '-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1', '-f', 'flv', g711];
    await run(await debianFfmpegPath(), ['-nostdin', '-v', 'error', '-y', '-i', clip, ...encode]);
    const recording = await record(uniqueName('g711'), g711);
    const file = await downloaded(recording, 'g711.mp4');
    const [sent, kept] = await Promise.all([packetHashes(g711), packetHashes(file)]);
    expect(kept.video).toEqual(sent.video);
    expect(kept.audio.length).toBeGreaterThan(20);
    await expectPlayable(file, await debianFfmpegPath());
    expect(conditionOf(recording, 'Complete')).toMatchObject({ status: 'True' });
  });

  it('publishes 20 Mbit/s whose sound begins 3 s later: every packet of both is in the file', async () => {
    const clip = await makeClip(`${folder.path}/fat.flv`, {
      ...{ seconds: 6, size: '1280x720', fps: 30, bitrateKbps: 20_000, audioDelaySeconds: 3 },
    });
    const recording = await record(uniqueName('late-sound'), clip);
    await expectEveryPacket(clip, await downloaded(recording, 'late-sound.mp4'));
    expect(conditionOf(recording, 'Complete')).toMatchObject({ status: 'True' });
    const wide = await workbench.kubectl.run('get', 'mrec', recording.metadata.name, '-o', 'wide');
    expect(wide).toMatch(/COMPLETE\s+MISSING\s+KEY/);
    await workbench.kubectl.run(
      ...['wait', '--for=condition=Complete', `mrec/${recording.metadata.name}`, '--timeout=10s'],
    );
  });
});
