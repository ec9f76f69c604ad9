import type { MeetingRecording, NewMeetingRecording } from '../crd/meeting-recording.ts';
import { GROUP, PLURAL, STOP_REASON_ANNOTATION, VERSION } from '../crd/names.ts';
import type { StopReason } from './recording.ts';
import { ObjectRefusedError, ObjectsUnavailableError } from './recording-objects.ts';
import type { RecordingObjects } from './recording-objects.ts';

interface MeetingRecordings {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: true;
  /** Never set: it ties the type of the objects to the descriptor. */
  readonly type?: MeetingRecording;
}

export const MEETING_RECORDINGS: MeetingRecordings = {
  group: GROUP,
  version: VERSION,
  plural: PLURAL,
  namespaced: true,
};

interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds. */
  timeoutMs?: number | undefined;
}
interface Reference {
  namespace: string;
  name: string;
}

/** The verbs of a Kubernetes client. They throw errors with a `status` where the server refuses, others where it is mute. */
export interface ObjectClient {
  create(
    resource: MeetingRecordings,
    object: NewMeetingRecording,
    options: CallOptions,
  ): Promise<MeetingRecording>;
  get(resource: MeetingRecordings, ref: Reference, options: CallOptions): Promise<MeetingRecording>;
  patch(
    resource: MeetingRecordings,
    ref: Reference,
    patch: { type: 'merge'; body: object },
    options: CallOptions,
  ): Promise<MeetingRecording>;
}

/** The caller of the API waits for each of them; the sweep leaves a start alone for longer than two. */
const CALL_TIMEOUT_MS = 10_000;
/** The connection never came about, so the request was not carried out. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** MeetingRecordings of one namespace, by a client that is given. */
export class KubernetesRecordingObjects implements RecordingObjects {
  readonly #client: ObjectClient;
  readonly #namespace: string;

  constructor(options: { client: ObjectClient; namespace: string }) {
    this.#client = options.client;
    this.#namespace = options.namespace;
  }

  async create(object: NewMeetingRecording, signal?: AbortSignal): Promise<MeetingRecording | undefined> {
    try {
      return await this.#client.create(MEETING_RECORDINGS, object, limited(signal));
    } catch (error) {
      if (statusOf(error) === 409 && reasonOf(error) === 'AlreadyExists') return undefined;
      throw asObjectError(error);
    }
  }

  async get(name: string, signal?: AbortSignal): Promise<MeetingRecording | undefined> {
    return this.#unlessMissing(this.#client.get(MEETING_RECORDINGS, this.#ref(name), limited(signal)));
  }

  async stop(
    name: string,
    reason: StopReason,
    options: { readonly uid?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<MeetingRecording | undefined> {
    const { uid, signal } = options;
    const annotations = { [STOP_REASON_ANNOTATION]: reason };
    const metadata = { annotations, ...(uid !== undefined && { uid }) };
    const patch = { type: 'merge', body: { metadata, spec: { desiredState: 'Stopped' } } } as const;
    const answer = this.#client.patch(MEETING_RECORDINGS, this.#ref(name), patch, limited(signal));
    try {
      return await this.#unlessMissing(answer);
    } catch (error) {
      // The API server refuses the UID where the name is another object's.
      const isAnother = uid !== undefined && (await this.#uidOf(name, signal, error)) !== uid;
      if (isAnother) return undefined;
      throw error;
    }
  }

  /** Of the object that has the name now; throws `refusal` where it was refused for something else than its UID. */
  async #uidOf(name: string, signal: AbortSignal | undefined, refusal: unknown): Promise<string | undefined> {
    const { cause = refusal } = refusal as Error;
    if (statusOf(cause) !== 409 && statusOf(cause) !== 422) throw refusal;
    return (await this.get(name, signal))?.metadata.uid;
  }

  /** Sets annotations, and leaves the others alone; undefined where there is no such object. */
  async annotate(
    name: string,
    annotations: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<MeetingRecording | undefined> {
    const patch = { type: 'merge', body: { metadata: { annotations } } } as const;
    return this.#unlessMissing(
      this.#client.patch(MEETING_RECORDINGS, this.#ref(name), patch, limited(signal)),
    );
  }

  async #unlessMissing(call: Promise<MeetingRecording>): Promise<MeetingRecording | undefined> {
    try {
      return await call;
    } catch (error) {
      if (statusOf(error) === 404 && reasonOf(error) === 'NotFound') return undefined;
      throw asObjectError(error);
    }
  }

  #ref(name: string): Reference {
    return { namespace: this.#namespace, name };
  }
}

function limited(signal: AbortSignal | undefined): CallOptions {
  return { signal, timeoutMs: CALL_TIMEOUT_MS };
}

function asObjectError(error: unknown): ObjectRefusedError | ObjectsUnavailableError {
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (status === undefined) {
    const isInDoubt = !NEVER_SENT.has(String(propertyOf(error, 'code')));
    return new ObjectsUnavailableError(message, { cause: error, isInDoubt });
  }
  if (status >= 500) return new ObjectsUnavailableError(message, { cause: error, isInDoubt: true });
  if (status === 429 || status === 409) {
    return new ObjectsUnavailableError(message, { cause: error, isInDoubt: false });
  }
  return new ObjectRefusedError(status, message);
}

function statusOf(error: unknown): number | undefined {
  const status = propertyOf(error, 'status');
  return typeof status === 'number' ? status : undefined;
}

function reasonOf(error: unknown): unknown {
  return propertyOf(error, 'reason');
}

function propertyOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
}
