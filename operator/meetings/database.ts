import { createConnection } from 'mongoose';
import type { Connection } from 'mongoose';
import { setTimeout as sleep } from 'node:timers/promises';
import { channelModel } from './channel-presence.ts';
import type { ChannelModel } from './channel-presence.ts';
import { leaseModel } from './lease.ts';
import type { LeaseModel } from './lease.ts';
import { meetingModel } from './meeting.ts';
import type { MeetingModel } from './meeting.ts';
import { outboxModel } from './webhook-outbox.ts';
import type { OutboxModel } from './webhook-outbox.ts';
import { recordingModel } from './recording.ts';
import type { RecordingModel } from './recording.ts';

interface DatabaseOptions {
  readonly uri: string;
  readonly onError: (error: unknown) => void;
  /** Told how many seconds each operation took, whether it succeeded or not. */
  readonly onOperation?: (seconds: number) => void;
}

/** How long an operation waits for a server that can be used, in milliseconds. */
const SERVER_SELECTION_MS = 3000;
const SOCKET_TIMEOUT_MS = 10_000;
const RETRY_MS = 2000;
const PING_MS = 2000;

/**
 * The connection to MongoDB, or to what speaks its wire protocol. Operations fail within seconds while there is none,
 * instead of waiting; the connection comes back by itself.
 */
export class Database implements AsyncDisposable {
  readonly meetings: MeetingModel;
  readonly recordings: RecordingModel;
  readonly webhooks: OutboxModel;
  readonly channels: ChannelModel;
  readonly leases: LeaseModel;
  readonly #connection: Connection;
  readonly #options: DatabaseOptions;
  #hasIndexes = false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#connection = createConnection();
    // The operations' own errors tell those who wait for them; an error event nobody listens to ends the process.
    this.#connection.on('error', options.onError);
    const { onOperation } = options;
    if (onOperation !== undefined) this.#connection.once('connected', () => this.#follow(onOperation));
    this.meetings = meetingModel(this.#connection);
    this.recordings = recordingModel(this.#connection);
    this.webhooks = outboxModel(this.#connection);
    this.channels = channelModel(this.#connection);
    this.leases = leaseModel(this.#connection);
  }

  /** Connects and makes the indexes, trying until it succeeds. Throws only when it is told to stop. */
  async connect(signal: AbortSignal): Promise<void> {
    while (true) {
      signal.throwIfAborted();
      try {
        await this.#connection.openUri(this.#options.uri, {
          serverSelectionTimeoutMS: SERVER_SELECTION_MS,
          socketTimeoutMS: SOCKET_TIMEOUT_MS,
          appName: 'meetrec',
          monitorCommands: this.#options.onOperation !== undefined,
        });
        await this.meetings.createIndexes();
        await this.recordings.createIndexes();
        await this.webhooks.createIndexes();
        await this.channels.createIndexes();
        this.#hasIndexes = true;
        return;
      } catch (error) {
        this.#options.onError(error);
        await sleep(RETRY_MS, undefined, { signal });
      }
    }
  }

  /** Whether the server answers now, and has the indexes: without them, nothing keeps two starts apart. */
  async isReachable(): Promise<boolean> {
    const { db } = this.#connection;
    if (db === undefined || !this.#hasIndexes) return false;
    try {
      await db.command({ ping: 1 }, { timeoutMS: PING_MS });
      return true;
    } catch {
      return false;
    }
  }

  #follow(onOperation: (seconds: number) => void): void {
    const client = this.#connection.getClient();
    for (const event of ['commandSucceeded', 'commandFailed'] as const) {
      client.on(event, (ended: { duration: number }) => onOperation(ended.duration / 1000));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}
