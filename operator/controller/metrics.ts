import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { INCOMPLETE_REASONS, OUR_GAPS } from '../../recorder-image/contract/completeness.ts';
import { isTerminal, phaseSchema } from '../crd/phases.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { isOurs, secondsOf } from './gaps.ts';
import type { StatusChange } from './status-update.ts';

export interface ControllerGauges {
  recordings: () => Iterable<MeetingRecording>;
  queueLength: () => number;
}

/** Buckets of waits, in seconds. */
const WAIT_BUCKETS = [0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600];
const DURATION_BUCKETS = [60, 300, 900, 1800, 3600, 5400, 7200, 14_400, 28_800, 86_400];
const BYTE_BUCKETS = [1e6, 1e7, 1e8, 5e8, 1e9, 2e9, 5e9, 1e10, 2e10];

/** What there is to know about recordings as a whole. */
export class RecordingMetrics {
  readonly #finished: Counter<'outcome' | 'reason'>;
  readonly #start: Histogram;
  readonly #available: Histogram;
  readonly #duration: Histogram;
  readonly #bytes: Histogram;
  readonly #incomplete: Counter<'reason'>;
  readonly #missing: Counter<'reason'>;

  constructor(registry: Registry, gauges: ControllerGauges) {
    const registers = [registry];
    const phases = new Gauge({
      name: 'meetrec_recordings',
      help: 'MeetingRecordings by phase',
      labelNames: ['phase'],
      registers,
      collect() {
        for (const phase of phaseSchema.options) phases.set({ phase }, 0);
        for (const { status } of gauges.recordings()) phases.inc({ phase: status?.phase ?? 'Pending' });
      },
    });
    const waiting: Gauge = new Gauge({
      name: 'meetrec_queue_length',
      help: 'MeetingRecordings that wait for a slot',
      registers,
      collect() {
        waiting.set(gauges.queueLength());
      },
    });
    this.#finished = new Counter({
      name: 'meetrec_recordings_finished_total',
      help: 'Recordings that have reached their end',
      labelNames: ['outcome', 'reason'],
      registers,
    });
    this.#start = new Histogram({
      name: 'meetrec_recording_start_seconds',
      help: 'From the object being made to its first media',
      buckets: WAIT_BUCKETS,
      registers,
    });
    this.#available = new Histogram({
      name: 'meetrec_recording_available_seconds',
      help: 'From the last media to the file being available',
      buckets: WAIT_BUCKETS,
      registers,
    });
    this.#duration = new Histogram({
      name: 'meetrec_recording_duration_seconds',
      help: 'Media in a finished recording',
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#bytes = new Histogram({
      name: 'meetrec_recording_bytes',
      help: 'Size of a finished recording',
      buckets: BYTE_BUCKETS,
      registers,
    });
    this.#incomplete = new Counter({
      name: 'meetrec_recordings_incomplete_total',
      help: 'Recordings that have reached their end and from which something is missing, by what',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of INCOMPLETE_REASONS) this.#incomplete.inc({ reason }, 0);
    this.#missing = new Counter({
      name: 'meetrec_recording_missing_seconds_total',
      help: "Seconds that finished recordings lack by the installation's fault, by why",
      labelNames: ['reason'],
      registers,
    });
    for (const reason of [...OUR_GAPS, ...INCOMPLETE_REASONS]) this.#missing.inc({ reason }, 0);
  }

  observe({ before, after, recording }: StatusChange): void {
    if (before?.startedAt === undefined && after.startedAt !== undefined)
      this.#start.observe(secondsBetween(recording.metadata.creationTimestamp, after.startedAt));
    if (!isTerminal(after.phase) || isTerminal(before?.phase)) return;
    this.#finished.inc({ outcome: after.phase.toLowerCase(), reason: after.reason ?? '' });
    this.#observeMissing(after);
    if (!after.file) return;
    this.#bytes.observe(after.file.sizeBytes);
    if (after.durationSeconds !== undefined) this.#duration.observe(after.durationSeconds);
    if (after.stoppedAt !== undefined && after.completedAt !== undefined)
      this.#available.observe(secondsBetween(after.stoppedAt, after.completedAt));
  }

  #observeMissing(after: MeetingRecordingStatus): void {
    const complete = after.conditions?.find(({ type }) => type === 'Complete');
    const isIncomplete = complete?.status === 'False';
    if (isIncomplete) this.#incomplete.inc({ reason: complete.reason });
    const { missingSeconds = 0, gaps = [] } = after;
    let unexplained = missingSeconds;
    for (const gap of gaps.filter(isOurs)) {
      this.#missing.inc({ reason: gap.reason }, secondsOf([gap]));
      unexplained -= secondsOf([gap]);
    }
    if (unexplained >= 0.001)
      this.#missing.inc({ reason: isIncomplete ? complete.reason : 'MediaLost' }, unexplained);
  }
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
