import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';

export interface PhaseEntry {
  readonly phase: string;
  readonly reason: string;
  /** Seconds since the log began. */
  readonly atSeconds: number;
}

/** Notes each phase and reason that an object goes through, with the time at which it was seen. */
export class PhaseLog {
  readonly entries: PhaseEntry[] = [];
  readonly #began = performance.now();
  readonly #onEntry: (entry: PhaseEntry) => void;

  constructor(onEntry: (entry: PhaseEntry) => void) {
    this.#onEntry = onEntry;
  }

  see(recording: MeetingRecording): void {
    const { phase = '', reason = '' } = recording.status ?? {};
    const last = this.entries.at(-1);
    if (phase === '' || (last?.phase === phase && last.reason === reason)) return;
    const entry = { phase, reason, atSeconds: (performance.now() - this.#began) / 1000 };
    this.entries.push(entry);
    this.#onEntry(entry);
  }
}
