import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { MeetingRegistry } from '../meetings/meeting-registry.ts';
import type { ChannelWatch } from '../meetings/channel-watch.ts';
import type { RtcTokens } from '../agora/rtc-token.ts';
import type { OwnedFile } from '../meetings/downloads.ts';
import type { RecordingArchive } from '../meetings/recording-archive.ts';
import type { RecordingService } from '../meetings/recording-service.ts';
import type { Authenticator } from './authentication.ts';
import type { RateLimits } from './limit-requests.ts';
import type { PlaylistLinks } from './playlist-links.ts';
import type { RecordingTokens } from './recording-tokens.ts';

/** What the API needs of the world that may be away for a while: the reason why it is not ready, or undefined. */
export type ReadinessCheck = () => Promise<string | undefined>;

/** What every route receives. */
export interface ApiContext {
  readonly recordings: RecordingService;
  readonly archive: RecordingArchive;
  readonly meetings: MeetingRegistry;
  readonly channels: ChannelWatch;
  readonly authenticator: Authenticator;
  /** Absent where there is no secret to sign them with. */
  readonly recordingTokens: RecordingTokens | undefined;
  readonly playlistLinks: PlaylistLinks;
  /** A playlist in S3, with every segment signed. */
  readonly signedPlaylist: (file: OwnedFile) => Promise<string>;
  /** What links to the API begin with, where it is not what the request was sent to. */
  readonly publicUrl: string | undefined;
  readonly rateLimits: RateLimits;
  /** Seconds of media: the most that a start may ask for. */
  readonly maxDuration: number;
  readonly agoraWebhookSecret: string | undefined;
  /** Absent where the Agora project's certificate is not known. */
  readonly rtcTokens: RtcTokens | undefined;
  /** By the name of what is checked. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** The process is to end: whoever keeps a connection is to look for another one. */
  readonly isStopping: () => boolean;
  readonly trustProxyHops: number;
  readonly registry: Registry;
  readonly log: Logger;
  readonly newRequestId: () => string;
  readonly now: () => Date;
}
