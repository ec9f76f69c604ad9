import { randomBytes } from 'node:crypto';
import { PlaylistLinks } from '../api/playlist-links.ts';
import { createRecordings } from '../meetings/create-recordings.ts';
import { Database } from '../meetings/database.ts';
import { KubernetesRecordingObjects } from '../meetings/kubernetes-recording-objects.ts';
import type { MeetingRegistry } from '../meetings/meeting-registry.ts';
import { RECORDING_DEFAULTS } from '../meetings/recording-request.ts';
import type { RecordingDefaults } from '../meetings/recording-request.ts';
import type { RecordingService } from '../meetings/recording-service.ts';
import { KubeClient } from '../runtime/kube/client.ts';
import { KubeConfigConnection } from '../runtime/kube/connection.ts';
import { PresignedDownloads } from '../storage/presigned-downloads.ts';
import type { PresignedDownloadsOptions } from '../storage/presigned-downloads.ts';
import { RecordingFiles } from '../storage/recording-files.ts';
import { RecordingManifests } from '../storage/recording-manifests.ts';
import { kubeConfig } from './api-parts.ts';

export { RecordingError } from '../meetings/errors.ts';
export type { RecordingErrorCode } from '../meetings/errors.ts';
export type { LiveFigures } from '../meetings/live.ts';
export type { RecordingSubdocument } from '../meetings/meeting.ts';
export type { RecordingDownload } from '../meetings/downloads.ts';
export type { RecordingOptions } from '../meetings/recording-request.ts';
export type { RecordingRequest, StartedRecording } from '../meetings/recording-service.ts';

export interface OpenRecordingsOptions {
  /** mongodb://HOST/DATABASE, as the API has it. */
  readonly mongodbUri: string;
  /** Of the MeetingRecordings. */
  readonly namespace: string;
  /** The master key that stream keys are derived from, as the controller has it. */
  readonly streamKeySecret: string;
  /** Where the API is reached, which serves playlists. */
  readonly apiUrl: string;
  /** A kubeconfig's path; the pod's own service account, or KUBECONFIG, unless told. */
  readonly kubeconfig?: string | undefined;
  /** CLUSTER_NAME of the API. */
  readonly cluster?: string | undefined;
  readonly defaults?: RecordingDefaults | undefined;
  /** AWS's own unless told. */
  readonly storage?: Omit<PresignedDownloadsOptions, 'now'> | undefined;
  /** Told of errors of the database's connection, which comes back by itself, and of manifests that are of no use. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Ends the wait for the database. */
  readonly signal: AbortSignal;
}

/** What the REST API does, for a backend in TypeScript, in its own process; closed with `await using`. */
export interface RecordingModule
  extends
    AsyncDisposable,
    Pick<
      RecordingService,
      'startRecording' | 'stopRecording' | 'getRecordingStatus' | 'getRecordingUrl' | 'meetingEnded'
    > {
  /** As `PUT /meetings/ID`. */
  readonly registerMeeting: MeetingRegistry['register'];
}

const DEFAULT_CLUSTER = 'default';
const DEFAULT_EXPIRY_SECONDS = 900;

/**
 * Opens the database and the cluster to a backend. An API of the same installation must run beside it: what follows the
 * objects, and what finishes or takes back a start that was cut off, is there. Nobody is authenticated here: `userId` is
 * the caller's word, and its role in the meeting is checked. Throws what ended the wait.
 */
export async function openRecordings(options: OpenRecordingsOptions): Promise<RecordingModule> {
  const { mongodbUri: uri, namespace, streamKeySecret, apiUrl, signal, storage = {} } = options;
  const { cluster = DEFAULT_CLUSTER, defaults = RECORDING_DEFAULTS, onError = () => undefined } = options;
  const now = (): Date => new Date();
  await using closing = new AsyncDisposableStack();
  const database = closing.use(new Database({ uri, onError }));
  const config = kubeConfig(
    options.kubeconfig === undefined ? process.env : { KUBECONFIG: options.kubeconfig },
  );
  const connection = new KubeConfigConnection(config);
  closing.defer(() => connection.close());
  const objects = new KubernetesRecordingObjects({ client: new KubeClient({ connection }), namespace });
  const downloads = new PresignedDownloads({ ...storage, now });
  closing.defer(() => downloads.close());
  const files = new RecordingFiles(storage);
  closing.defer(() => files.close());
  const manifests = new RecordingManifests({
    read: (file, maxBytes) => files.text(file, maxBytes),
    onRefused: ({ key }, why) => onError(new Error(`${key} is not used: ${why}`)),
  });
  const lifetimeSeconds = (storage.expirySeconds ?? DEFAULT_EXPIRY_SECONDS) + defaults.maxDuration;
  const links = new PlaylistLinks({ secret: streamKeySecret, now, lifetimeSeconds });
  const { service, registry } = createRecordings({
    database,
    objects,
    namespace,
    cluster,
    streamKeySecret,
    defaults,
    downloads: {
      url: async (file) => {
        if (file.format !== 'm3u8') return downloads.url(file);
        await downloads.requirePresence(file);
        const { url, expiresAt } = await links.make(file);
        return { url: new URL(url, apiUrl).href, expiresAt };
      },
      listed: (manifest) => manifests.files(manifest),
    },
    // How many wait is known to whoever follows the objects: the API.
    queued: () => 0,
    maxQueued: Number.POSITIVE_INFINITY,
    now,
    randomBytes,
    onSweepError: onError,
    isToldElsewhere: true,
  });
  await database.connect(signal);
  const open = closing.move();
  return {
    startRecording: (request) => service.startRecording(request),
    stopRecording: (request) => service.stopRecording(request),
    getRecordingStatus: (request) => service.getRecordingStatus(request),
    getRecordingUrl: (request) => service.getRecordingUrl(request),
    meetingEnded: (meetingId, when) => service.meetingEnded(meetingId, when),
    registerMeeting: (registration) => registry.register(registration),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
