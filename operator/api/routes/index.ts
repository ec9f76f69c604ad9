import type { Route } from '../route.ts';
import { downloadRecording } from './download-recording.ts';
import { endMeeting } from './end-meeting.ts';
import { listRecordings } from './list-recordings.ts';
import { putMeeting } from './put-meeting.ts';
import { recordingStatus } from './recording-status.ts';
import { startRecording } from './start-recording.ts';
import { stopRecording } from './stop-recording.ts';

/** Everything about meetings, below /api/v1. */
export const ROUTES: readonly Route[] = [
  putMeeting,
  endMeeting,
  startRecording,
  stopRecording,
  recordingStatus,
  downloadRecording,
  listRecordings,
];
