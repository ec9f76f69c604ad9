import type { Logger } from 'pino';
import type { MediaPush } from '../agora/media-push.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { EventReason } from '../crd/reasons.ts';
import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { ReadStore } from '../runtime/store.ts';
import type { Admission } from './admission.ts';
import type { ControllerConfig } from './config.ts';
import type { Pod } from './kube-objects.ts';
import type { HostPorts } from './host-ports.ts';
import type { PushRequests } from './push-requests.ts';
import type { RecorderWatchers } from './recorder-watchers.ts';
import type { RememberedReach } from './remembered-reach.ts';
import type { TlsRoutes } from './tls-routes.ts';

/** A cache that is shown the answers to our own writes. */
export interface Cache<T> {
  readonly store: ReadStore<T>;
  observe(object: T): void;
}

/** Everything that a step may use beside the pass itself. */
export interface World {
  readonly kube: KubeClient;
  readonly recordings: Cache<MeetingRecording>;
  /** Recorder pods, indexed by their recording's key under POD_RECORDING. */
  readonly pods: Cache<Pod>;
  /** Absent: the installation has no Agora credentials. May throw PushBusyError, which says nothing of Agora. */
  readonly push: MediaPush | undefined;
  readonly pushRequests: PushRequests;
  readonly admission: Admission;
  readonly watchers: RecorderWatchers;
  readonly hostPorts: HostPorts;
  readonly reach: Pick<RememberedReach, 'look'>;
  readonly tlsRoutes: TlsRoutes;
  readonly config: ControllerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells people of something that is not a change of the reason. */
  warn(recording: MeetingRecording, reason: EventReason, note: string): void;
}

/** The pods' index by the key of their recording. */
export const POD_RECORDING = 'recording';
