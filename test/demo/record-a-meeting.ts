import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import type { Answer, OnCall } from '../install/api-client.ts';
import type { Workbench } from '../install/workbench.ts';
import { say } from '../cluster/progress.ts';
import { PhaseLog } from './phase-log.ts';
import type { PhaseEntry } from './phase-log.ts';

export interface RecordedMeeting {
  readonly recording: MeetingRecording;
  readonly phases: readonly PhaseEntry[];
  /** Milliseconds from the stop request to the file being there. */
  readonly availableAfterMs: number;
  readonly downloadUrl: string;
}

const startAnswer = z.object({ recording: z.object({ recordingId: z.string() }) });
const downloadAnswer = z.object({ url: z.string() });

/** The meeting of the demo, as a backend would have it recorded: by REST alone. */
export async function recordAMeeting(workbench: Workbench, seconds: number): Promise<RecordedMeeting> {
  const meeting = `/meetings/demo-${Date.now().toString(36)}`;
  const host = workbench.as('ada', printCall);
  const service = workbench.asService(printCall);

  expectStatus(
    await service.call('PUT', meeting, {
      host: 'ada',
      creator: 'ada',
      participants: ['grace'],
      source: { kind: 'agora', channel: 'standup', region: 'eu' },
    }),
    [200, 201],
  );
  const started = await host.call('POST', `${meeting}/recording/start`, {
    format: 'mp4',
    resolution: '1280x720',
  });
  expectStatus(started, [202]);
  const { recordingId } = startAnswer.parse(started.body).recording;

  const phases = new PhaseLog(({ phase, reason, atSeconds }) => {
    say(`   ${atSeconds.toFixed(1).padStart(6)} s  ${phase} ${reason}`);
  });
  const follow = async (what: string, is: (recording: MeetingRecording) => boolean) =>
    await workbench.waitForRecording(recordingId, what, (recording) => {
      phases.see(recording);
      return is(recording);
    });

  await follow('recording', ({ status }) => status?.phase === 'Recording');
  say(`   letting the meeting run for ${seconds} s`);
  await sleep(seconds * 1000);
  await workbench.as('grace', printCall).call('GET', `${meeting}/recording/status`);

  const stopAsked = performance.now();
  expectStatus(await host.call('POST', `${meeting}/recording/stop`), [202]);
  const recording = await follow('completed', ({ status }) => status?.phase === 'Completed');
  const availableAfterMs = Math.round(performance.now() - stopAsked);

  const download = await waitForDownload(() => host.call('GET', `${meeting}/recording/download`));
  const downloadUrl = downloadAnswer.parse(download.body).url;
  return { recording, phases: phases.entries, availableAfterMs, downloadUrl };
}

/** The meeting's view follows the object by a moment: a backend that asks too early is told 409 and asks again. */
async function waitForDownload(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await ask();
    if (answer.status !== 409) return expectStatus(answer, [200]);
    await sleep(250);
  }
  throw new Error('the API still answers 409 to the download, 5 s after the object was Completed');
}

const printCall: OnCall = ({ method, path, user, status, body }) => {
  // A presigned URL lets whoever reads the screen download the file.
  const shown = JSON.stringify(body, (key, value: unknown) =>
    key === 'url' && typeof value === 'string' ? value.replace(/\?.*/, '?…') : value,
  );
  say(`   ${method} ${path}   (as ${user})`);
  say(`     → ${status} ${shown}`);
};

function expectStatus(answer: Answer, wanted: readonly number[]): Answer {
  if (wanted.includes(answer.status)) return answer;
  throw new Error(`expected ${wanted.join(' or ')}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}
