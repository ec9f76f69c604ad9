import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import type { ConditionType } from '../../../operator/crd/conditions.ts';
import { isTerminal } from '../../../operator/crd/phases.ts';
import type { StoredFile } from './stored-files.ts';

/** Picture and sound of a file don't begin and end at the same moment. */
const TOLERANCE_SECONDS = 1;

/** What is not true in the status of a recording that has ended, given what lies in S3 for it, so many seconds of media. */
export function statusComplaints(
  recording: MeetingRecording | undefined,
  stored: { readonly files: readonly StoredFile[]; readonly seconds: number },
): string[] {
  const status = recording?.status;
  if (!recording || !status || !isTerminal(status.phase)) return [`it has not ended: ${status?.phase}`];
  const complaints: string[] = [];
  const hasFile = status.phase === 'Completed';
  const expected: [ConditionType, string][] = [
    ['Succeeded', hasFile ? 'True' : 'False'],
    ['Uploaded', hasFile ? 'True' : 'False'],
  ];
  for (const [type, wanted] of expected) {
    const found = status.conditions?.find((condition) => condition.type === type)?.status;
    if (found !== wanted) complaints.push(`condition ${type} is ${found}, not ${wanted}`);
  }
  for (const type of ['Receiving', 'RecorderReady', 'Admitted'])
    if (status.conditions?.some((condition) => condition.type === type && condition.status !== 'False'))
      complaints.push(`condition ${type} is not False at the end`);
  if (status.recorderUrl !== undefined) complaints.push('it still has the address of a recorder');
  if (status.agora !== undefined && status.agora.state !== 'ended')
    complaints.push(`its push is ${status.agora.state}`);
  const { durationSeconds = 0 } = status;
  if (hasFile && Math.abs(durationSeconds - stored.seconds) > TOLERANCE_SECONDS)
    complaints.push(`it lasts ${durationSeconds} s, and its files ${stored.seconds.toFixed(1)} s`);
  if (status.completedAt === undefined) complaints.push('completedAt is missing');
  if (status.queuePosition !== undefined) complaints.push('it still has a place in the queue');
  const files = status.files ?? (status.file ? [status.file] : []);
  if (hasFile !== files.length > 0) complaints.push(`it is ${status.phase} with ${files.length} files`);
  for (const { key, sizeBytes } of files) {
    const size = stored.files.find((file) => file.key === key)?.sizeBytes;
    if (size !== sizeBytes)
      complaints.push(`${key} has ${size ?? 'no'} bytes in S3, ${sizeBytes} in the status`);
  }
  for (const { key } of stored.files)
    if (!files.some((file) => file.key === key))
      complaints.push(`${key} is in S3, and no status tells of it`);
  const times = [status.startedAt, status.stoppedAt, status.completedAt].filter((time) => time !== undefined);
  if (times.some((time, index) => index > 0 && Date.parse(time) < Date.parse(times[index - 1] ?? '') - 1000))
    complaints.push(`its times are not in order: ${times.join(', ')}`);
  return complaints;
}

/** Whether it claims to be whole, though so many packets that were accepted are in no file. */
export function completenessComplaints(
  recording: MeetingRecording | undefined,
  packetsMissing: number,
): string[] {
  const complete = recording?.status?.conditions?.find(({ type }) => type === 'Complete')?.status;
  if (complete === undefined) return ['nothing tells whether it is complete'];
  const lies = complete === 'True' && packetsMissing > 0;
  return lies ? [`Complete is True, and ${packetsMissing} packets are in no file`] : [];
}
