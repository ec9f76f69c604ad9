import { join } from 'node:path';
import { expect } from 'vitest';
import { arrange } from '../../../operator/agora/layout.ts';
import type { Arrangement, Tile } from '../../../operator/agora/layout.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { toneHz } from '../../agora-simulator/channels.ts';
import { pictureAt, pixelsOf, toneAt } from '../../agora-simulator/media-probe.ts';
import { PLATE_COLOURS } from '../../agora-simulator/push/filter-graph.ts';
import { startAgoraSimulator } from '../../agora-simulator/start.ts';
import type { AgoraSimulator } from '../../agora-simulator/start.ts';
import { startChild } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  ApiWorld,
  BUCKET,
  call,
  NAMESPACE,
  serviceToken,
  STREAM_KEY_SECRET,
  WEBHOOK_SECRET,
} from '../api-world.ts';
import type { RunningApi } from '../api-world.ts';
import { ProcessKubelet } from './process-kubelet.ts';

const CONTROLLER = new URL('../../../operator/bin/controller.ts', import.meta.url).pathname;
export const CANVAS = { width: 640, height: 360 };
const FPS = 15;
/** Seconds of media from a change until a moment at which it is seen, and on until nothing has changed again. */
const SETTLE_SECONDS = 2;
const HOLD_SECONDS = 3;

/** Somebody of the simulator's, by where their colour and tone come from. */
export interface Person {
  readonly uid: number;
  readonly name: string;
  readonly slot: number;
}

/** Everything but nodes: API server, database, S3, API, controller, recorder, Agora with its webhooks. */
export class MeetingWorld implements AsyncDisposable {
  readonly simulator: AgoraSimulator;
  readonly world: ApiWorld;
  readonly kubelet: ProcessKubelet;
  readonly #api: RunningApi;
  readonly #controllerEnvironment: Record<string, string>;
  readonly #closing: AsyncDisposableStack;
  #controller: Child;

  private constructor(parts: {
    simulator: AgoraSimulator;
    world: ApiWorld;
    kubelet: ProcessKubelet;
    api: RunningApi;
    controller: Child;
    controllerEnvironment: Record<string, string>;
    closing: AsyncDisposableStack;
  }) {
    this.simulator = parts.simulator;
    this.world = parts.world;
    this.kubelet = parts.kubelet;
    this.#api = parts.api;
    this.#controller = parts.controller;
    this.#controllerEnvironment = parts.controllerEnvironment;
    this.#closing = parts.closing;
  }

  static async start(): Promise<MeetingWorld> {
    await using closing = new AsyncDisposableStack();
    const world = closing.use(await ApiWorld.start());
    const environment = world.environment(world.databaseUri());
    const api = closing.use(
      await world.startApi({
        ...environment,
        SHUTDOWN_DELAY: '0',
        SWEEP_INTERVAL: '1',
        MEETING_END_GRACE: '2',
      }),
    );
    const simulator = closing.use(
      await startAgoraSimulator({
        ffmpeg: await debianFfmpegPath(),
        autoChannel: false,
        pushRetrySeconds: 0.2,
        webhook: { url: `${api.base}/webhooks/agora`, secret: WEBHOOK_SECRET },
      }),
    );
    const { endpoint, region, accessKeyId, secretAccessKey } = world.s3;
    const credentials = {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const kubelet = closing.use(
      await ProcessKubelet.start({ kube: world.client, namespace: NAMESPACE, environment: credentials }),
    );
    const { appId, customerId, customerSecret } = simulator.options;
    const controllerEnvironment = {
      KUBECONFIG: world.kube.kubeconfig,
      RECORDINGS_NAMESPACE: NAMESPACE,
      RECORDER_IMAGE: 'recorder:test',
      STREAM_KEY_SECRET,
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: endpoint,
      S3_FORCE_PATH_STYLE: 'true',
      AGORA_REST_API_BASE_URL: simulator.baseUrl,
      AGORA_APP_ID: appId,
      AGORA_CUSTOMER_ID: customerId,
      AGORA_CUSTOMER_SECRET: customerSecret,
      RECORDER_HTTP_PORT: String(await freePort()),
      RECORDER_RTMP_PORT: String(await freePort()),
      RECONNECT_WINDOW: '12',
      PUBLISHER_TIMEOUT: '60',
      HTTP_PORT: '0',
      LEADER_ELECTION: 'false',
      LOG_LEVEL: 'info',
    };
    const controller = await startController(controllerEnvironment);
    const meetings = new MeetingWorld({
      simulator,
      world,
      kubelet,
      api,
      controller,
      controllerEnvironment,
      closing: closing.move(),
    });
    return meetings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller.stop();
    await this.#closing.disposeAsync();
  }

  /** The controller dies without a word, and another one takes its place. */
  async replaceController(): Promise<void> {
    process.kill(this.#controller.pid, 'SIGKILL');
    await this.#controller.exited;
    this.#controller = await startController(this.#controllerEnvironment);
  }

  async register(meetingId: string, body: object): Promise<void> {
    const token = await serviceToken();
    const reply = await call('PUT', `${this.#api.base}/meetings/${meetingId}`, {
      token,
      body: { host: 'host-1', channel: meetingId, ...body },
    });
    expect(reply.status).toBe(201);
  }

  async start(meetingId: string, body: object, token: string): Promise<void> {
    const reply = await call('POST', `${this.#api.base}/meetings/${meetingId}/recording/start`, {
      token,
      body,
    });
    expect(reply.status, JSON.stringify(reply.body)).toBe(202);
  }

  /** Waits until the meeting's only recording is as wanted, and returns it. */
  async until(
    meetingId: string,
    what: string,
    isSo: (recording: MeetingRecording) => boolean,
  ): Promise<MeetingRecording> {
    let last: MeetingRecording | undefined;
    try {
      return await waitFor(
        async () => {
          [last] = await this.world.objectsOf(meetingId);
          return last !== undefined && isSo(last) ? last : undefined;
        },
        { what: `the recording of ${meetingId} to be ${what}`, timeoutMs: 30_000 },
      );
    } catch (error) {
      const status = JSON.stringify(last?.status, undefined, 1);
      throw new Error(`${status}\n${this.#controller.output().slice(-5000)}`, { cause: error });
    }
  }

  /** Seconds of media that the meeting's last connection has sent. */
  async sentSeconds(meetingId: string): Promise<number> {
    const reports = await this.simulator.archive.reports(await this.converterName(meetingId));
    return (reports.findLast(({ published }) => published)?.frames ?? 0) / FPS;
  }

  async converterName(meetingId: string): Promise<string> {
    const [object] = await this.world.objectsOf(meetingId);
    return `meetrec-${object?.metadata.uid}`;
  }

  /** Waits until this is in the picture for a while, and returns a moment of the media at which it must be seen. */
  async hold(meetingId: string, shown: readonly number[]): Promise<number> {
    await this.until(meetingId, `one that shows ${shown.join()}`, ({ status }) =>
      isSame(status?.agora?.shown, shown),
    );
    const changedAt = await this.sentSeconds(meetingId);
    await this.sends(meetingId, changedAt + HOLD_SECONDS);
    return changedAt + SETTLE_SECONDS;
  }

  async sends(meetingId: string, seconds: number): Promise<void> {
    await waitFor(async () => (await this.sentSeconds(meetingId)) >= seconds, {
      what: `${seconds.toFixed(1)} s of media to be sent`,
      timeoutMs: 60_000,
    });
  }

  /** Where S3 keeps the recording's file. */
  fileOf({ status }: MeetingRecording): string {
    return join(this.world.s3.directory, BUCKET, status?.file?.key ?? '');
  }
}

async function startController(env: Record<string, string>): Promise<Child> {
  return await startChild({ name: 'controller', command: process.execPath, args: [CONTROLLER], env });
}

function isSame(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a !== undefined && a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Whose plate stands in each of these tiles of the file's picture, and whose tones are heard, at a moment of it. */
export async function seenAndHeard(
  file: string,
  at: number,
  options: { everybody: readonly Person[]; tiles: readonly Tile[] },
): Promise<{ seen: string[]; heard: string[] }> {
  const { everybody, tiles } = options;
  const picture = await pictureAt(file, at);
  const seen = tiles.map((tile) =>
    everybody
      .filter(({ slot }) => pixelsOf(picture, PLATE_COLOURS[slot] ?? '', tile) > 60)
      .map(({ name }) => name)
      .join('+'),
  );
  const heard: string[] = [];
  for (const { name, slot } of everybody) if ((await toneAt(file, toneHz(slot), at)) > 0.01) heard.push(name);
  return { seen, heard };
}

export function tilesOf(arrangement: Arrangement, people: readonly Person[]): Tile[] {
  return arrange(
    arrangement,
    people.map(({ uid }) => uid),
    CANVAS,
  );
}
