/**
 * Every value of `status.reason`, with what it means. Stable: dashboards and alerts match on them.
 * docs/reference/status.md is compared with this table by a test.
 */
export const REASONS = {
  // Pending
  WaitingForSlot: 'The limit of concurrent recordings is reached; queuePosition says how many go first.',
  ProviderQuotaExceeded:
    "Agora's quota of concurrent pushes is used up; it is asked again until there is room.",
  // Starting
  CreatingRecorder: 'The recorder pod is being made.',
  ResourceQuotaExceeded: "The namespace's ResourceQuota refuses the recorder pod; it is tried again.",
  RecorderUnschedulable: 'No node can take the recorder pod; the message names why.',
  RecorderImagePullFailed: "The recorder's image can't be pulled; the message names it.",
  RecorderStarting: 'The recorder pod runs but does not listen yet.',
  LoadBalancerPending: "The load balancer of the recorder's Service has no address yet.",
  IngestRoutePending: "The gateway has not answered to the recording's route yet.",
  IngestRouteNotAccepted: "The gateway refuses the recording's route; the message says why.",
  IngestUnreachable: 'The recorder listens, but can not be reached by its ingest address yet.',
  RequestingPush: 'Agora is being asked to push the meeting.',
  WaitingForPublisher: 'The recorder listens; no media has come yet.',
  // Recording
  Receiving: "The publisher's media is arriving.",
  Reconnecting: 'The publisher is gone or has stalled; the recorder waits for it to come back.',
  RecorderUnreachable: 'Neither the recorder nor its node answers; it is waited for, and then replaced.',
  RecorderReplaced:
    'The recorder was lost; another one takes its place, and what the first had stored is saved.',
  // Stopping, Completed
  StopRequested: 'Stopped by spec.desiredState or the API.',
  MaxDurationReached: 'The maximum duration was reached.',
  MeetingEnded: 'The meeting ended.',
  PublisherLost: 'The publisher was gone for longer than the reconnect window.',
  RecorderFinishing: 'The recorder has ended the recording by itself and is finishing the file.',
  DiskFull: "The recorder's disk filled up; with a file when something was kept.",
  Drained: 'The pod had to go: its node was drained or shut down.',
  Deleted: 'The object was deleted while recording; the file is kept.',
  Salvaged: 'The recorder was lost; the file holds what it had stored until then.',
  // Failed
  NothingReceived: 'Stopped before any media came.',
  NoPublisher: 'No publisher came in time.',
  AgoraUnauthorized: 'Agora refused the credentials, or Media Push is not enabled for the project.',
  AgoraNotConfigured:
    'The installation has no Agora credentials, and the recording asks for an Agora channel.',
  AgoraRejected: 'Agora refused the request as invalid; the message has its answer.',
  UploadFailed: 'The file could not be brought to S3.',
  RecorderMisconfigured: 'The recorder refused its configuration.',
  RecorderFailed: 'The recorder ended without a result, again and again.',
  RecorderLost: 'The recorder pod was lost before it could save a file.',
  StartTimeout: 'The recorder did not become ready in time.',
} as const;

export type Reason = keyof typeof REASONS;

/** Reasons of events that are not a change of `status.reason`. */
export const EVENT_REASONS = {
  PushNotEnded:
    'Agora could not be told for ten minutes that a push is over; it ends by itself when its channel is empty.',
  RecorderDied:
    'The recorder ended without a result and is started again in its pod; the note says how it ended.',
  ForeignFile:
    'A recorder named a file that does not lie in the folder of its recording: it was not taken; the note says which.',
  PartLost: 'What a lost recorder had recorded could not be saved; the note says which one and why not.',
  RecordingIncomplete: 'The recording has ended and something is missing from it; the note says what.',
} as const;

export type EventReason = keyof typeof EVENT_REASONS;
