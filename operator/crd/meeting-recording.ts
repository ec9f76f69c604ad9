import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { API_VERSION, KIND } from './names.ts';
import type { MeetingRecordingSpec, MeetingRecordingSpecInput } from './spec.ts';
import type { MeetingRecordingStatus } from './status.ts';

/**
 * Metadata as JSON has it: times are RFC 3339 strings, where the generated client's classes have Date.
 * name, namespace, uid and resourceVersion are always set on what the API server returns.
 */
export interface ObjectMeta extends Omit<
  V1ObjectMeta,
  'creationTimestamp' | 'deletionTimestamp' | 'managedFields'
> {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  deletionTimestamp?: string;
}

/** A MeetingRecording as the API server returns it. */
export interface MeetingRecording {
  apiVersion: typeof API_VERSION;
  kind: typeof KIND;
  metadata: ObjectMeta;
  spec: MeetingRecordingSpec;
  status?: MeetingRecordingStatus;
}

/** A MeetingRecording as one sends it to be created. */
export interface NewMeetingRecording {
  apiVersion: typeof API_VERSION;
  kind: typeof KIND;
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: MeetingRecordingSpecInput;
}
