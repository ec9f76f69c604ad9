import type { NewMeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { API_VERSION, KIND } from '../../../operator/crd/names.ts';
import type { FaultName } from './faults/names.ts';
import type { ChaosPhase } from './phases.ts';

/** One recording that something goes wrong for. */
export interface Subject {
  readonly fault: FaultName;
  readonly phase: ChaosPhase;
  /** The object's name, the meeting's and the channel's. */
  readonly name: string;
  /** As many bytes as several parts of an upload have: what S3 holds of it can be salvaged. */
  readonly heavy: boolean;
  /** It was missed before: its Stopping lasts longer this time. */
  readonly isSlow: boolean;
}

/** Seconds that a recording has run when something goes wrong while it records. */
export function secondsBefore({ heavy }: Subject): number {
  return heavy ? 26 : 2;
}

export function manifest(subject: Subject, namespace: string): NewMeetingRecording {
  const { name, heavy } = subject;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace },
    spec: {
      meetingId: name,
      source: { agora: { channel: name, region: 'eu' } },
      output: heavy
        ? { resolution: '640x360', fps: 15, bitrateKbps: 6000 }
        : { resolution: '320x180', fps: 10, bitrateKbps: 300 },
      maxDurationSeconds: 600,
      ttlSecondsAfterFinished: 86_400,
    },
  };
}

/** What keys of the recording's files begin with. */
export function filePrefix({ name }: Pick<Subject, 'name'>): string {
  return `recordings/${name}/`;
}
