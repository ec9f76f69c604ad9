import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import { waitFor } from '../support/wait-for.ts';
import { ApiClient } from './api-client.ts';
import type { OnCall } from './api-client.ts';
import { TRIAL } from './credentials.ts';
import { fetchThrough } from './connect-to.ts';
import type { Kubectl } from './kubectl.ts';
import { portForward } from './port-forward.ts';
import type { PortForward } from './port-forward.ts';

/** The S3 server as the pods know it. */
const S3_ENDPOINT = 'http://dev-s3:7070';

/** An installation as the tests and the demo use it: the API, the simulator's control, the files in S3. */
export class Workbench implements AsyncDisposable {
  readonly kubectl: Kubectl;
  readonly #forwards: { api: PortForward; simulator: PortForward; s3: PortForward };

  private constructor(
    kubectl: Kubectl,
    forwards: { api: PortForward; simulator: PortForward; s3: PortForward },
  ) {
    this.kubectl = kubectl;
    this.#forwards = forwards;
  }

  static async open(kubectl: Kubectl): Promise<Workbench> {
    const [api, simulator, s3] = await Promise.all([
      portForward(kubectl, 'svc/meetrec-api', 80),
      portForward(kubectl, 'svc/agora-simulator', 8080),
      portForward(kubectl, 'svc/dev-s3', 7070),
    ]);
    return new Workbench(kubectl, { api, simulator, s3 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#forwards).map((forward) => forward[Symbol.asyncDispose]()));
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#forwards.api.port}`;
  }

  as(user: string, onCall?: OnCall): ApiClient {
    return new ApiClient({ baseUrl: this.apiUrl, user: { sub: user }, ...(onCall && { onCall }) });
  }

  /** The backend itself, which registers meetings. */
  asService(onCall?: OnCall): ApiClient {
    const user = { sub: 'backend', scope: 'meetings:write' };
    return new ApiClient({ baseUrl: this.apiUrl, user, ...(onCall && { onCall }) });
  }

  async recording(name: string): Promise<MeetingRecording | undefined> {
    return await this.kubectl.get<MeetingRecording>('meetingrecording', name);
  }

  /** Waits until the object satisfies `is`, and returns it. Fails early when it reached an end that does not. */
  async waitForRecording(
    name: string,
    what: string,
    is: (recording: MeetingRecording) => boolean,
    timeoutMs = 120_000,
  ): Promise<MeetingRecording> {
    const found = await waitFor(
      async () => {
        const recording = await this.recording(name);
        if (recording === undefined) return undefined;
        const ended = recording.status?.phase === 'Completed' || recording.status?.phase === 'Failed';
        return is(recording) || ended ? recording : undefined;
      },
      { what: `${name} ${what}`, timeoutMs, intervalMs: 250 },
    );
    if (is(found)) return found;
    throw new Error(`${name} ended without being ${what}: ${JSON.stringify(found.status, null, 1)}`);
  }

  /** Downloads by a presigned URL, as whoever got it from the API would. */
  async download(url: string, file: string): Promise<void> {
    await this.#save(await fetchThrough(this.#forwards.s3.port, url), file);
  }

  /** Downloads an object with the installation's own key: for recordings that no meeting knows of. */
  async downloadObject(key: string, file: string): Promise<void> {
    const client = new S3Client({
      endpoint: S3_ENDPOINT,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: TRIAL.accessKeyId, secretAccessKey: TRIAL.secretAccessKey },
    });
    const command = new GetObjectCommand({ Bucket: TRIAL.bucket, Key: key });
    await this.download(await getSignedUrl(client, command), file);
    client.destroy();
  }

  /** The answer to a GET at the S3 server itself, without any signature. */
  async anonymousGet(path: string): Promise<number> {
    const response = await fetchThrough(this.#forwards.s3.port, `${S3_ENDPOINT}/${path}`);
    await response.body?.cancel();
    return response.status;
  }

  /** What the simulator sent for a converter, as it recorded it: an FLV file. */
  async downloadPublished(converter: string, file: string): Promise<void> {
    const path = `/control/pushes/${converter}/published.flv`;
    await this.#save(await this.simulator('GET', path), file);
  }

  async simulator(method: string, path: string, body?: unknown): ReturnType<typeof fetchThrough> {
    return await fetchThrough(this.#forwards.simulator.port, `http://agora-simulator:8080${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  async #save(response: Awaited<ReturnType<typeof fetchThrough>>, file: string): Promise<void> {
    if (!response.ok || response.body === null) {
      throw new Error(`GET ${response.url} answered ${response.status}: ${await response.text()}`);
    }
    await pipeline(response.body, createWriteStream(file));
  }
}
