#!/usr/bin/env node
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { recorderStatusSchema } from '../../recorder-image/contract/status.ts';
import { createApp } from '../api/app.ts';
import { Authenticator } from '../api/authentication.ts';
import { ConfigError, readConfig } from '../api/config.ts';
import { DependencyMetrics } from '../api/dependency-metrics.ts';
import { describeEnvironment } from '../api/environment.ts';
import { PlaylistLinks } from '../api/playlist-links.ts';
import { RecordingTokens } from '../api/recording-tokens.ts';
import { ApiServer } from '../api/server.ts';
import { RtcTokens } from '../agora/rtc-token.ts';
import { ChannelPresence } from '../meetings/channel-presence.ts';
import { ChannelWatch } from '../meetings/channel-watch.ts';
import { createRecordings } from '../meetings/create-recordings.ts';
import { HttpRecorderClient } from '../controller/recorder-client.ts';
import { Database } from '../meetings/database.ts';
import { KubernetesRecordingObjects, MEETING_RECORDINGS } from '../meetings/kubernetes-recording-objects.ts';
import { RecorderLooks } from '../meetings/recorder-looks.ts';
import { Upkeep } from '../meetings/upkeep.ts';
import { systemClock } from '../runtime/clock.ts';
import { Informer } from '../runtime/informer.ts';
import { KubeClient } from '../runtime/kube/client.ts';
import { KubeConfigConnection } from '../runtime/kube/connection.ts';
import { RecordingFiles } from '../storage/recording-files.ts';
import { RecordingManifests } from '../storage/recording-manifests.ts';
import { SignedPlaylists } from '../storage/signed-playlists.ts';
import { PresignedDownloads } from '../storage/presigned-downloads.ts';
import { channelPoll } from './api-channel-poll.ts';
import {
  aborted,
  brief,
  countQueued,
  follow,
  isReachable,
  kubeConfig,
  timed,
  uploadSweep,
} from './api-parts.ts';

interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted: requests under way are finished, everything is closed, and run() resolves. */
  readonly signal: AbortSignal;
  /** Told the port once the API listens on it. */
  readonly onListening?: (port: number) => void;
}

/** Runs the API until it is told to stop. Throws ConfigError when the environment is wrong. */
export async function run({ env, signal, onListening }: RunOptions): Promise<void> {
  const config = readConfig(env);
  const log = pino({ level: config.logLevel, base: { component: 'api' } });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const dependencies = new DependencyMetrics(registry);
  const now = () => new Date();
  await using closing = new AsyncDisposableStack();

  const database = closing.use(
    new Database({
      uri: config.mongodbUri,
      onError: (err) => log.warn({ err: brief(err) }, 'database'),
      onOperation: (seconds) => dependencies.observe('database', seconds),
    }),
  );
  const connection = new KubeConfigConnection(kubeConfig(env));
  closing.defer(() => connection.close());
  const client = new KubeClient({ connection });
  const downloads = new PresignedDownloads({ ...config.storage, now });
  closing.defer(() => downloads.close());
  const files = new RecordingFiles(config.storage);
  closing.defer(() => files.close());
  const manifests = new RecordingManifests({
    read: (file, maxBytes) => dependencies.time('storage', () => files.text(file, maxBytes)),
    onRefused: (manifest, why) => log.warn({ ...manifest, why }, 'manifest not used'),
  });
  const { expirySeconds } = config.storage;
  // A player of a growing playlist asks for it again and again until the meeting is over.
  const lifetimeSeconds = expirySeconds + config.maxDuration;
  const playlistLinks = new PlaylistLinks({ secret: config.streamKeySecret, now, lifetimeSeconds });
  const playlists = new SignedPlaylists({
    read: (file) => files.playlist(file),
    sign: (object, seconds) => downloads.plainUrl(object, seconds),
    spareSeconds: expirySeconds,
    now,
  });

  const { cluster, namespace } = config;
  const informer = new Informer({
    client,
    resource: MEETING_RECORDINGS,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    log,
  });
  const recorderClient = new HttpRecorderClient();
  closing.defer(() => recorderClient.close());
  const recorders = new RecorderLooks({
    ask: (baseUrl, asked) =>
      dependencies.time('recorders', async () =>
        recorderStatusSchema.parse(
          await recorderClient.status({ baseUrl, after: undefined, waitSeconds: 0, signal: asked }),
        ),
      ),
    now: () => performance.now(),
  });
  const objects = new KubernetesRecordingObjects({ client: timed(client, dependencies), namespace });
  const recordings = createRecordings({
    ...config,
    database,
    recorders,
    watched: (name) => informer.store.get(`${namespace}/${name}`),
    queued: () => countQueued(informer.store.list()),
    objects,
    downloads: {
      url: async (request) => {
        if (request.format !== 'm3u8') return dependencies.time('storage', () => downloads.url(request));
        await dependencies.time('storage', () => downloads.requirePresence(request));
        return playlistLinks.make(request);
      },
      listed: (manifest) => manifests.files(manifest),
      growing: async (owner) => {
        const { bucket, keyPrefix } = config;
        const before = bucket === undefined ? undefined : { bucket, keyPrefix };
        const found = await files.growingPlaylist(owner, before);
        return found && { ...found, sizeBytes: null };
      },
    },
    retention: {
      remove: (owner, stored, stopping) => files.remove(owner, stored, stopping),
      listed: (manifest) => manifests.files(manifest),
      defaultDays: config.retentionDays,
      onError: (err, recordingId) => log.warn({ err: brief(err), recordingId }, 'file not removed'),
    },
    now,
    randomBytes,
    webhook: config.webhook && {
      ...config.webhook,
      random: Math.random,
      onFailure: (failure) => log.warn(failure, 'webhook not delivered'),
      onError: (err) => log.warn({ err: brief(err) }, 'webhooks wait'),
    },
    onSweepError: (err, recordingId) => log.warn({ err: brief(err), recordingId }, 'left for the next sweep'),
  });
  const { projection, sweep } = recordings;
  const controller = follow({ informer, projection, log, registry });
  const channels = new ChannelWatch({
    presence: new ChannelPresence({ channels: database.channels, now }),
    meetings: recordings.registry,
    recordings: recordings.service,
    objects: {
      list: () => informer.store.list(),
      annotate: (name, annotations) => objects.annotate(name, annotations),
      stop: (name, reason) => objects.stop(name, reason),
    },
    graceMs: config.meetingEndGraceMs,
    now,
    onError: (err) => log.warn({ err: brief(err) }, 'what Agora told of a channel waits'),
  });
  informer.onChange(({ before, after, initial }) => {
    const channel = after?.spec.source.agora?.channel;
    if (before || initial || channel === undefined) return;
    channels.tellWhoIsIn(channel, { isCheck: true }).catch((err: unknown) => {
      log.warn({ err: brief(err), channel }, 'who is in a channel is told later');
    });
  });
  const upkeep = new Upkeep({
    channels,
    poll: channelPoll(config, { database, meetings: recordings.registry, informer, channels, now, log }),
    projection,
    sweep,
    objects: async () => {
      await informer.synced(signal);
      return [...informer.store.list()];
    },
    onError: (err) => log.warn({ err: brief(err) }, 'upkeep failed, trying again'),
    sweepIntervalMs: config.sweepIntervalMs,
    resyncIntervalMs: config.resyncIntervalMs,
    retention: recordings.retention,
    retentionIntervalMs: config.retentionIntervalMs,
  });

  const uploads = uploadSweep(config, { informer, log });
  if (uploads) closing.defer(() => uploads.close());

  const { recordingTokenSecret: secret } = config;
  const recordingTokens =
    secret === undefined ? undefined : new RecordingTokens({ secret, now, newId: randomUUID });
  const app = createApp({
    recordings: recordings.service,
    channels,
    archive: recordings.archive,
    meetings: recordings.registry,
    authenticator: new Authenticator({ ...config.tokens, recordingTokens, now }),
    recordingTokens,
    playlistLinks,
    signedPlaylist: (file) => playlists.playlist(file),
    publicUrl: config.publicUrl,
    rateLimits: config.rateLimits,
    maxDuration: config.maxDuration,
    agoraWebhookSecret: config.agoraWebhookSecret,
    rtcTokens: config.rtc && new RtcTokens(config.rtc),
    trustProxyHops: config.trustProxyHops,
    registry,
    log,
    now,
    newRequestId: randomUUID,
    isStopping: () => signal.aborted,
    readiness: {
      stopping: async () => (signal.aborted ? 'this process is stopping' : undefined),
      database: async () => ((await database.isReachable()) ? undefined : 'the database does not answer'),
      kubernetes: async () =>
        informer.hasSynced && (await isReachable(client, namespace))
          ? undefined
          : 'the Kubernetes API does not answer',
    },
  });
  const server = new ApiServer(app);
  const port = await server.listen(config.httpPort);
  log.info({ port, namespace, cluster }, 'listening');
  onListening?.(port);

  const stop = new AbortController();
  const writing = async (): Promise<void> => {
    await database.connect(signal);
    await Promise.all([
      controller.run(signal, stop.signal),
      upkeep.run(signal),
      uploads && informer.synced(signal).then(() => uploads.run(signal)),
      recordings.delivery?.run(signal),
    ]);
  };
  const background = Promise.all([
    informer.run(stop.signal),
    writing().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  ]);
  closing.defer(async () => {
    stop.abort(new Error('the process is stopping'));
    await Promise.allSettled([background]);
  });
  // The last to be put here is the first to go: while requests are finished, everything that they need is there.
  closing.defer(() => server.close(config.shutdownTimeoutMs));
  await Promise.race([aborted(signal), background]);
  log.info('stopping');
  // Balancers learn of it within their next probes; until then they send requests here.
  if (signal.aborted) await sleep(config.shutdownDelayMs);
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(
      `The REST API of Meetrec. It is configured by its environment:\n\n${describeEnvironment()}\n`,
    );
    return;
  }
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  try {
    await run({ env: process.env, signal: stop.signal });
  } catch (error) {
    process.stderr.write(
      `${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`,
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
