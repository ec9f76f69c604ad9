import { expect } from 'vitest';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Answer } from '../install/api-client.ts';
import type { Workbench } from '../install/workbench.ts';
import { SMALL, uniqueName } from './workbench.ts';

/** Where the file of a recording lies that one recorder has made. */
export function fileKey({ metadata, status }: MeetingRecording): string {
  const prefix = status?.folder?.prefix;
  if (prefix === undefined) throw new Error(`${metadata.name} has no folder`);
  return `${prefix}recording.mp4`;
}

/** A meeting registered by the backend, as its members see it. Ada is the host, Grace takes part, Eve is a stranger. */
export class Meeting {
  readonly id: string;
  readonly channel: string;
  readonly #workbench: Workbench;

  private constructor(workbench: Workbench, id: string) {
    this.id = id;
    this.channel = `channel-${id}`;
    this.#workbench = workbench;
  }

  static async register(workbench: Workbench): Promise<Meeting> {
    const meeting = new Meeting(workbench, uniqueName('meeting'));
    const answer = await workbench.asService().call('PUT', `/meetings/${meeting.id}`, {
      host: 'ada',
      creator: 'ada',
      participants: ['grace'],
      source: { kind: 'agora', channel: meeting.channel, region: 'eu' },
    });
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return meeting;
  }

  async call(user: string, verb: 'start' | 'stop' | 'status' | 'download', body?: object): Promise<Answer> {
    const method = verb === 'start' || verb === 'stop' ? 'POST' : 'GET';
    return await this.#workbench.as(user).call(method, `/meetings/${this.id}/recording/${verb}`, body);
  }

  /** Starts a recording as the host and returns its id. */
  async start(): Promise<string> {
    const answer = await this.call('ada', 'start', SMALL);
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    return (answer.body['recording'] as { recordingId: string }).recordingId;
  }

  /** The address of the file, as soon as the meeting's view has followed the object. */
  async downloadUrl(): Promise<string> {
    const answer = await waitFor(
      async () => {
        const found = await this.call('ada', 'download');
        return found.status === 409 ? undefined : found;
      },
      { what: `a download of ${this.id}` },
    );
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return String(answer.body['url']);
  }
}

export const isRecording = ({ status }: MeetingRecording): boolean => status?.phase === 'Recording';
export const isCompleted = ({ status }: MeetingRecording): boolean => status?.phase === 'Completed';
export const isFailed = ({ status }: MeetingRecording): boolean => status?.phase === 'Failed';

/** Whether this many seconds of media have come, by the object's own figures or by the clock since the first media. */
export const hasRecordedFor =
  (seconds: number) =>
  (recording: MeetingRecording): boolean =>
    isRecording(recording) && Date.now() - Date.parse(recording.status?.startedAt ?? '') >= seconds * 1000;
