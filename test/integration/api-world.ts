import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { S3Client } from '@aws-sdk/client-s3';
import { SignJWT } from 'jose';
import { parse, stringify } from 'yaml';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { run } from '../../operator/bin/api.ts';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import { DEFAULT_KEY_TEMPLATE, recordingFolder } from '../../recorder-image/contract/key-template.ts';
import type { MeetingRecordingStatus, RecordingFolder } from '../../operator/crd/status.ts';
import { MEETING_RECORDINGS } from '../../operator/meetings/kubernetes-recording-objects.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import { KubeConfigConnection } from '../../operator/runtime/kube/connection.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import { ResponseCheck } from '../api-client/response-check.ts';
import { startKubeApi } from '../support/kube-api.ts';
import type { KubeApi } from '../support/kube-api.ts';
import { startMongo } from '../support/mongo-server.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

export const NAMESPACE = 'meetings';
export const BUCKET = 'recordings';
export const JWT_SECRET = 'integration-secret-of-32-bytes-or-more';
export const STREAM_KEY_SECRET = 'integration-master-key-of-32-characters';
export const RECORDING_TOKEN_SECRET = 'integration-recording-token-secret-32';
export const WEBHOOK_SECRET = 'integration-webhook-secret';

const DEFINITIONS = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const ROLES = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles', namespaced: true };
const ROLE_BINDINGS = { ...ROLES, plural: 'rolebindings' };
/** Whom the API is in the cluster: it has the rights that docs/reference/api.md names, and no other. */
const API_USER = 'meetrec-api';
const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

export interface RunningApi extends AsyncDisposable {
  /** Below /api/v1. */
  readonly base: string;
  readonly origin: string;
  stop: () => Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into answers freely.
  readonly body: Record<string, unknown> & { recording?: Record<string, unknown> };
}

/** A Kubernetes API server with the MeetingRecording resource, a MongoDB server and an S3 server with a bucket. */
export class ApiWorld implements AsyncDisposable {
  readonly kube: KubeApi;
  readonly mongo: MongoServer;
  readonly s3: S3Server;
  /** The administrator's. */
  readonly client: KubeClient;
  /** The API's. */
  readonly kubeconfig: string;
  readonly #closing: AsyncDisposableStack;

  private constructor(parts: {
    kube: KubeApi;
    mongo: MongoServer;
    s3: S3Server;
    client: KubeClient;
    kubeconfig: string;
    closing: AsyncDisposableStack;
  }) {
    this.kube = parts.kube;
    this.mongo = parts.mongo;
    this.s3 = parts.s3;
    this.client = parts.client;
    this.kubeconfig = parts.kubeconfig;
    this.#closing = parts.closing;
  }

  static async start(): Promise<ApiWorld> {
    await using closing = new AsyncDisposableStack();
    const [kube, mongo, s3] = await Promise.all([startKubeApi(), startMongo(), startS3()]);
    for (const server of [kube, mongo, s3]) closing.use(server);
    await s3.createBucket(BUCKET);
    const config = new KubeConfig();
    config.loadFromFile(kube.kubeconfig);
    const connection = new KubeConfigConnection(config);
    closing.defer(() => connection.close());
    const client = new KubeClient({ connection });
    await install(client);
    const folder = closing.use(await tempDirectory('api-world'));
    const kubeconfig = join(folder.path, 'kubeconfig');
    await writeFile(kubeconfig, asApiUser(await readFile(kube.kubeconfig, 'utf8')));
    return new ApiWorld({ kube, mongo, s3, client, kubeconfig, closing: closing.move() });
  }

  databaseUri(name = `api-${randomBytes(4).toString('hex')}`): string {
    return `${this.mongo.uri}${name}`;
  }

  environment(databaseUri: string): Record<string, string> {
    const { endpoint, region, accessKeyId, secretAccessKey } = this.s3;
    process.env['AWS_REGION'] = region;
    process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
    return {
      HTTP_PORT: '0',
      KUBECONFIG: this.kubeconfig,
      MONGODB_URI: databaseUri,
      JWT_SECRET,
      STREAM_KEY_SECRET,
      RECORDINGS_NAMESPACE: NAMESPACE,
      S3_ENDPOINT: endpoint,
      S3_FORCE_PATH_STYLE: 'true',
      RECORDING_TOKEN_SECRET,
      // Tests ask as fast as they can.
      RATE_LIMIT_USER: '0',
      RATE_LIMIT_ADDRESS: '0',
      SHUTDOWN_DELAY: '0',
      AGORA_WEBHOOK_SECRET: WEBHOOK_SECRET,
      LOG_LEVEL: process.env['API_TEST_LOG_LEVEL'] ?? 'silent',
    };
  }

  /** Starts the API as its container does, and waits until it is ready. */
  async startApi(env: Record<string, string>, options: { isReady?: boolean } = {}): Promise<RunningApi> {
    const stop = new AbortController();
    const listening = Promise.withResolvers<number>();
    const running = run({ env, signal: stop.signal, onListening: listening.resolve });
    running.catch(listening.reject);
    const origin = `http://127.0.0.1:${await listening.promise}`;
    if (options.isReady ?? true) {
      await waitFor(async () => (await fetch(`${origin}/readyz`)).status === 200, {
        what: 'the API to be ready',
      });
    }
    const end = async (): Promise<void> => {
      stop.abort();
      await running;
    };
    return { origin, base: `${origin}/api/v1`, stop: end, [Symbol.asyncDispose]: end };
  }

  /** Plays the controller: writes into an object's status. */
  async setStatus(name: string, status: MeetingRecordingStatus): Promise<MeetingRecording> {
    return this.client.patch<MeetingRecording>(
      MEETING_RECORDINGS,
      { namespace: NAMESPACE, name },
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
  }

  /** The folder that the controller gives the recording of an object. */
  async folder(name: string): Promise<RecordingFolder> {
    const { metadata, spec } = await this.object(name);
    const identity = { ...metadata, ...spec, createdAt: metadata.creationTimestamp };
    const place = { prefix: 'recordings/', template: DEFAULT_KEY_TEMPLATE };
    return { bucket: BUCKET, prefix: recordingFolder(identity, place) };
  }

  async object(name: string): Promise<MeetingRecording> {
    return this.client.get<MeetingRecording>(MEETING_RECORDINGS, { namespace: NAMESPACE, name });
  }

  async objectsOf(meetingId: string): Promise<MeetingRecording[]> {
    const { items } = await this.client.list<MeetingRecording>(MEETING_RECORDINGS, {
      namespace: NAMESPACE,
      fieldSelector: `spec.meetingId=${meetingId}`,
    });
    return items;
  }

  /** Of the first of its recordings. */
  async annotationsOf(meetingId: string): Promise<Record<string, string>> {
    return (await this.objectsOf(meetingId))[0]?.metadata.annotations ?? {};
  }

  async remove(name: string): Promise<void> {
    await this.client.delete(MEETING_RECORDINGS, { namespace: NAMESPACE, name });
  }

  s3Client(): S3Client {
    const client = this.s3.client();
    this.#closing.defer(() => {
      client.destroy();
    });
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing.disposeAsync();
  }
}

/** A token for a user; `meetings:write` makes it a backend's. */
export async function tokenOf(
  userId: string,
  options: { scope?: string; expiresIn?: string; secret?: string } = {},
): Promise<string> {
  const { scope, expiresIn = '5m', secret = JWT_SECRET } = options;
  return new SignJWT(scope === undefined ? {} : { scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(new TextEncoder().encode(secret));
}

export const serviceToken = (): Promise<string> => tokenOf('backend', { scope: 'meetings:write' });

const responseCheck = new ResponseCheck(openApiDocument());

/** One request with a JSON answer, or none. Every answer of the API is held against its OpenAPI document. */
export async function call(
  method: string,
  url: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { token, body, headers = {} } = options;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  const path = new URL(url).pathname;
  if (path.startsWith('/api/')) {
    const contentType = response.headers.get('content-type');
    responseCheck.expect({ method, path, status: response.status, contentType, text });
  }
  return {
    status: response.status,
    headers: response.headers,
    body: (text.startsWith('{') ? JSON.parse(text) : {}) as Reply['body'],
  };
}

async function install(client: KubeClient): Promise<void> {
  const file = new URL('../../crds/meetrec.dev_meetingrecordings.yaml', import.meta.url);
  await client.create(DEFINITIONS, parse(await readFile(file, 'utf8')) as KubeObject);
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const group = 'rbac.authorization.k8s.io';
  await client.create(ROLES, {
    apiVersion: `${group}/v1`,
    kind: 'Role',
    metadata: { name: API_USER, namespace: NAMESPACE },
    ...{
      rules: [
        {
          apiGroups: ['meetrec.dev'],
          resources: ['meetingrecordings'],
          verbs: ['get', 'list', 'watch', 'create', 'patch'],
        },
      ],
    },
  });
  await client.create(ROLE_BINDINGS, {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata: { name: API_USER, namespace: NAMESPACE },
    ...{
      roleRef: { apiGroup: group, kind: 'Role', name: API_USER },
      subjects: [{ apiGroup: group, kind: 'User', name: API_USER }],
    },
  });
  await waitFor(async () => client.list(MEETING_RECORDINGS, { namespace: NAMESPACE }), {
    what: 'the resource to be served',
  });
}

/** The administrator acts as the API's user: everything is then allowed and refused as to that. */
function asApiUser(kubeconfig: string): string {
  const config = parse(kubeconfig) as { users: { user: Record<string, unknown> }[] };
  for (const { user } of config.users) user['as'] = API_USER;
  return stringify(config);
}
