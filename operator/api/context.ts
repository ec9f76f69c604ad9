import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { MeetingRegistry } from '../meetings/meeting-registry.ts';
import type { RecordingService } from '../meetings/recording-service.ts';
import type { Authenticator } from './authentication.ts';

/** What the API needs of the world that may be away for a while: the reason why it is not ready, or undefined. */
export type ReadinessCheck = () => Promise<string | undefined>;

/** What every route receives. */
export interface ApiContext {
  readonly recordings: RecordingService;
  readonly meetings: MeetingRegistry;
  readonly authenticator: Authenticator;
  /** Seconds of media: the most that a start may ask for. */
  readonly maxDuration: number;
  readonly agoraWebhookSecret: string | undefined;
  /** By the name of what is checked. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  readonly trustProxyHops: number;
  readonly registry: Registry;
  readonly log: Logger;
  readonly newRequestId: () => string;
  readonly now: () => Date;
}
