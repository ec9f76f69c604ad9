import type { Route } from '../route.ts';
import { downloadRecording } from './download-recording.ts';
import { endMeeting } from './end-meeting.ts';
import { issueRecordingToken } from './issue-recording-token.ts';
import { issueRtcToken } from './issue-rtc-token.ts';
import { listRecordings } from './list-recordings.ts';
import { putMeeting } from './put-meeting.ts';
import { recordingStatus } from './recording-status.ts';
import { setLegalHold } from './set-legal-hold.ts';
import { startRecording } from './start-recording.ts';
import { stopRecording } from './stop-recording.ts';

/** What every path begins with. */
export const BASE = '/api/v1';

/** Everything about meetings, below /api/v1. */
export const ROUTES: readonly Route[] = [
  putMeeting,
  endMeeting,
  startRecording,
  stopRecording,
  recordingStatus,
  downloadRecording,
  listRecordings,
  issueRecordingToken,
  issueRtcToken,
  setLegalHold,
];
