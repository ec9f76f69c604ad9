import { pino } from 'pino';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import { isAdmitted } from '../../../operator/controller/admission.ts';
import { MEETING_RECORDINGS, PODS, recordingKey } from '../../../operator/controller/kube-objects.ts';
import type { Pod } from '../../../operator/controller/kube-objects.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { Informer } from '../../../operator/runtime/informer.ts';
import type { MeetingRecordingStatus } from '../../../operator/crd/status.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { keyOf, parseKey } from '../../../operator/runtime/kube/objects.ts';
import type { Recorders } from './recorders.ts';
import { NAMESPACE } from './setup-objects.ts';
import { shapeOf } from './shape.ts';
import type { Shapes } from './shape.ts';

/** When what was first seen of one recording; milliseconds of performance.now(). */
export interface Moments {
  /** The API server had answered its creation. */
  created?: number;
  /** The status told that it waits for a slot. */
  pending?: number;
  admitted?: number;
  pod?: number;
  podReady?: number;
  /** The status told that the recorder listens. */
  listening?: number;
  recording?: number;
  podEnded?: number;
  completed?: number;
  /** The controller has let go of it: nothing is left to do. */
  released?: number;
}

export type Moment = keyof Moments;

type StatusListener = (key: string, status: MeetingRecordingStatus) => void;

/** Looks on from outside, the same way for both sides: its own watches of objects and pods. */
export class Observer {
  readonly shapes: Shapes = {};
  readonly #moments = new Map<string, Moments>();
  readonly #counts = new Map<Moment, number>();
  readonly #statusListeners: StatusListener[] = [];
  readonly #recorders: Recorders;

  /** @param recorders are told where they are */
  constructor(kube: KubeClient, recorders: Recorders, signal: AbortSignal) {
    this.#recorders = recorders;
    const common = {
      client: kube,
      clock: systemClock,
      random: Math.random,
      log: pino({ level: 'silent' }),
      selection: { namespace: NAMESPACE },
    };
    const recordings = new Informer<MeetingRecording>({ ...common, resource: MEETING_RECORDINGS });
    const pods = new Informer<Pod>({ ...common, resource: PODS });
    recordings.onChange(({ after }) => after && this.#sawRecording(after));
    pods.onChange(({ before, after }) => {
      if (before && !after) this.#lostPod(before);
      if (after) this.#sawPod(after);
    });
    void recordings.run(signal);
    void pods.run(signal);
  }

  get moments(): Iterable<Moments> {
    return this.#moments.values();
  }

  has(key: string, moment: Moment): boolean {
    return this.#moments.get(key)?.[moment] !== undefined;
  }

  count(moment: Moment): number {
    return this.#counts.get(moment) ?? 0;
  }

  /** Called with every status that is seen. */
  onStatus(listener: StatusListener): void {
    this.#statusListeners.push(listener);
  }

  /** Notes that something has happened to a recording, the first time. Keys as in {@link keyOf}. */
  note(key: string, moment: Moment): void {
    let known = this.#moments.get(key);
    if (!known) this.#moments.set(key, (known = {}));
    if (known[moment] !== undefined) return;
    known[moment] = performance.now();
    this.#counts.set(moment, this.count(moment) + 1);
  }

  #sawRecording(recording: MeetingRecording): void {
    const key = keyOf(recording);
    const { status, metadata } = recording;
    if (!status) return;
    for (const listener of this.#statusListeners) listener(key, status);
    if (status.phase === 'Pending') this.note(key, 'pending');
    if (isAdmitted(recording)) this.note(key, 'admitted');
    if (status.ingest) this.note(key, 'listening');
    if (status.phase === 'Recording') this.note(key, 'recording');
    if (status.phase !== 'Completed') return;
    this.note(key, 'completed');
    this.shapes.recording ??= shapeOf(recording);
    if (!metadata.finalizers?.length) this.note(key, 'released');
  }

  #sawPod(pod: Pod): void {
    const key = recordingKey(pod);
    if (key === undefined) return;
    this.note(key, 'pod');
    const { conditions, phase, podIP } = pod.status ?? {};
    if (podIP !== undefined) this.#recorders.settle(parseKey(key).name, podIP);
    if (conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) {
      this.note(key, 'podReady');
      this.shapes.pod ??= shapeOf(pod);
    }
    if (phase === 'Succeeded') this.note(key, 'podEnded');
  }

  #lostPod(pod: Pod): void {
    const key = recordingKey(pod);
    const address = pod.status?.podIP;
    if (key !== undefined && address !== undefined) this.#recorders.leave(parseKey(key).name, address);
  }
}
