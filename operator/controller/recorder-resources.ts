import { encodingCost, pixelRate, USUAL_PIXEL_RATE } from '../../recorder-image/contract/encoding-cost.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { RecorderConfig } from './config.ts';
import { cpuMillis, mebibytes, quantityBytes } from './quantities.ts';
import { podStorageBytes, spoolBytes } from './spool-size.ts';

/** How many encoders a recorder runs at a time: of what is recorded, and of what has ended and was not finished. */
const ENCODERS = 2;

type Output = MeetingRecording['spec']['output'];

/** What the recorder of this recording requests, and what it may take. */
export function recorderResources(recording: MeetingRecording, config: RecorderConfig): object {
  const { cpuRequest, cpuLimit, memory } = demand(recording.spec.output, config);
  const storage = mebibytes(podStorageBytes(spoolBytes(recording, config.maxSpoolBytes)));
  return {
    requests: { cpu: cpuRequest, memory, 'ephemeral-storage': config.storageRequest ?? storage },
    limits: { ...(cpuLimit !== undefined && { cpu: cpuLimit }), memory, 'ephemeral-storage': storage },
  };
}

/** How many slots the recording takes: 1 for one that is copied, `webmWeight` for a webm of the usual picture. */
export function weightOf({ spec: { output } }: MeetingRecording, webmWeight: number): number {
  if (!isEncoded(output)) return 1;
  return 1 + ((webmWeight - 1) * pixelRate(output)) / USUAL_PIXEL_RATE;
}

type Demand = Pick<RecorderConfig, 'cpuRequest' | 'cpuLimit' | 'memory'>;

/** What is configured is for recordings that are copied: encoding comes on top of it. */
function demand(output: Output, { cpuRequest, cpuLimit, memory }: Demand): Demand {
  if (!isEncoded(output)) return { cpuRequest, cpuLimit, memory };
  const { millicores, bytes } = encodingCost(output);
  const cpu = cpuMillis(cpuRequest) + millicores;
  return {
    cpuRequest: `${cpu}m`,
    // One that is less than the request is refused by the API server.
    cpuLimit: cpuLimit !== undefined && cpuMillis(cpuLimit) < cpu ? `${cpu}m` : cpuLimit,
    memory: mebibytes(quantityBytes(memory) + ENCODERS * bytes),
  };
}

function isEncoded({ format }: Output): boolean {
  return format === 'webm';
}
