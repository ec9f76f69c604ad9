import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AgoraError } from '../agora/agora-error.ts';
import { AgoraChannelUsers } from '../agora/channel-users.ts';
import { baseUrlsOf } from '../agora/options.ts';
import type { ApiConfig } from '../api/config.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { isTerminal } from '../crd/phases.ts';
import { ChannelPoll } from '../meetings/channel-poll.ts';
import type { ChannelLook } from '../meetings/channel-poll.ts';
import type { ChannelWatch } from '../meetings/channel-watch.ts';
import type { Database } from '../meetings/database.ts';
import { Lease } from '../meetings/lease.ts';
import type { MeetingRegistry } from '../meetings/meeting-registry.ts';
import type { Informer } from '../runtime/informer.ts';
import { brief } from './api-parts.ts';

const REQUEST_MS = 5000;

interface PollParts {
  readonly database: Pick<Database, 'leases'>;
  readonly meetings: Pick<MeetingRegistry, 'awaitedChannels'>;
  readonly informer: Pick<Informer<MeetingRecording>, 'hasSynced' | 'store'>;
  readonly channels: Pick<ChannelWatch, 'looked'>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Asks Agora who is in the channels that matter, where its credentials are known. */
export function channelPoll(
  { agoraPoll, cluster }: Pick<ApiConfig, 'agoraPoll' | 'cluster'>,
  { database, meetings, informer, channels, now, log }: PollParts,
): ChannelPoll | undefined {
  if (agoraPoll === undefined) return undefined;
  const { baseUrl, intervalMs, ...credentials } = agoraPoll;
  const baseUrls = baseUrlsOf(baseUrl);
  const debug = log.debug.bind(log);
  const users = new AgoraChannelUsers({
    ...credentials,
    baseUrls,
    // One failure is told of below; the next round is the next try.
    logger: { debug, warn: debug },
    requestTimeoutMs: REQUEST_MS,
    // Each host is asked once.
    retryWaitsSeconds: baseUrls.slice(1).map(() => 0),
  });
  const lease = new Lease({
    leases: database.leases,
    name: `agora-poll/${cluster}`,
    holder: randomUUID(),
    now,
  });
  return new ChannelPoll({
    look: (channel, signal) => look(users, channel, signal),
    watch: channels,
    recorded: () => (informer.hasSynced ? recordedChannels(informer.store.list()) : undefined),
    awaited: () => meetings.awaitedChannels(),
    hold: (ms) => lease.hold(ms),
    intervalMs,
    now,
    sleep: async (ms, signal) => sleep(ms, undefined, { signal }),
    onTrouble: (err) =>
      log.warn({ err: brief(err) }, 'Agora does not tell who is in channels, asking again later'),
    onRecovered: () => log.info('Agora tells who is in channels again'),
    onError: (err, channel) => log.warn({ err: brief(err), channel }, 'a look at a channel came to nothing'),
  });
}

async function look(users: AgoraChannelUsers, channel: string, signal: AbortSignal): Promise<ChannelLook> {
  try {
    return { people: await users.list(channel, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AgoraError)) return { trouble: error, isOfChannel: false };
    const { code, retryAfterSeconds } = error;
    const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
    return { trouble: error, isOfChannel: code === 'AgoraRejected', retryAfterMs };
  }
}

function recordedChannels(objects: Iterable<MeetingRecording>): string[] {
  return [...objects].flatMap(({ spec, status }) => {
    const channel = spec.source.agora?.channel;
    return channel === undefined || isTerminal(status?.phase) ? [] : [channel];
  });
}
