import { PUSH_NEWS_ANNOTATION } from '../crd/names.ts';
import { pushNewsOf } from '../crd/channel-news.ts';
import type { PushNews } from '../crd/channel-news.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import type { Pass } from './pass.ts';
import type { World } from './world.ts';

const IDLE = 'Idle Timeout';

/** What Agora told of the converter that pushes now; news of earlier ones is old. */
function newsOf(recording: MeetingRecording, status: MeetingRecordingStatus): PushNews | undefined {
  const news = pushNewsOf(recording);
  return news !== undefined && news.converterId === status.agora?.converterId ? news : undefined;
}

/** Whether Agora has ended the push because the channel stayed empty: the meeting is over. */
export function isChannelLeft(recording: MeetingRecording, status: MeetingRecordingStatus): boolean {
  const news = newsOf(recording, status);
  return news?.is === 'destroyed' && news.reason === IDLE;
}

/** Notes in the status that Agora's push has ended by itself, once for each news. */
export function heedNews(pass: Pass, world: World): void {
  const { recording, status } = pass;
  const news = newsOf(recording, status.value);
  const text = recording.metadata.annotations?.[PUSH_NEWS_ANNOTATION];
  const memory = world.pushRequests.of(recording.metadata.uid);
  if (news === undefined || status.value.agora === undefined || memory.heeded === text) return;
  memory.heeded = text;
  memory.notBeforeMs = 0;
  status.value.agora = { ...status.value.agora, state: news.is };
}

/** Whether the push is known to push no more. */
export function isPushOver(status: MeetingRecordingStatus): boolean {
  return status.agora?.state === 'failed' || status.agora?.state === 'destroyed';
}
