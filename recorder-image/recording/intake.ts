import type { Track } from '../journal/flv.ts';
import type { Journal, JournalEntrance } from '../journal/journal.ts';
import type { ExpulsionReason, IngestEvents } from '../ingest/ingest.ts';
import type { RecorderMetrics } from '../metrics.ts';
import { Rates } from './rates.ts';

export interface IntakeOptions {
  readonly journal: Journal;
  readonly metrics: RecorderMetrics;
  readonly now: () => number;
  /** The first media of the recording is in the journal. */
  readonly onFirstMedia: () => void;
  /** A publisher came or went, or sends media again, or began another take. */
  readonly onChange: () => void;
  readonly onMaxDuration: () => void;
}

/** Between the ingest and the journal: hands the media on, and knows who sends it and how much. */
export class Intake implements IngestEvents {
  readonly rates = new Rates();
  readonly #options: IntakeOptions;
  #entrance: JournalEntrance | undefined;
  #publisher: { readonly address: string; readonly connectedAt: number } | undefined;
  #lastMediaAt: number | undefined;
  #bytes = 0;
  #frames = 0;
  #counted = 0;
  #silent = true;
  #full = false;
  #takes = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    // The reconnect window of a recorder that was started again begins with its start.
    if (options.journal.takes.length > 0) this.#lastMediaAt = options.now();
  }

  get publisher(): { readonly address: string; readonly connectedAt: number } | undefined {
    return this.#publisher;
  }

  /** Unix time in ms; undefined before the first media. */
  get lastMediaAt(): number | undefined {
    return this.#lastMediaAt;
  }

  get bytesReceived(): number {
    return this.#bytes;
  }

  /** Brings rates and metrics up to date; to be called every second or so. */
  sample(): void {
    const { metrics, now } = this.#options;
    this.rates.sample(now(), this.#bytes, this.#frames);
    metrics.receivedBytes.inc(this.#bytes - this.#counted);
    metrics.bitrateKbps.set(this.rates.bitrateKbps);
    metrics.fps.set(this.rates.fps);
    this.#counted = this.#bytes;
  }

  /** The publisher has been silent: its next media is news. */
  expectMedia(): void {
    this.#silent = true;
  }

  onPublisher({ address }: { readonly address: string }): void {
    const { journal, metrics, now, onChange } = this.#options;
    this.#entrance = journal.entrance();
    this.#publisher = { address, connectedAt: now() };
    this.#silent = true;
    metrics.publisherConnects.inc();
    onChange();
  }

  onRest(): void {
    this.#options.journal.write();
  }

  onPublisherGone(): void {
    this.#entrance = undefined;
    this.#publisher = undefined;
    this.#options.onChange();
  }

  onExpelled(reason: ExpulsionReason): void {
    this.#options.metrics.expelledConnections.inc({ reason });
  }

  onMedia(track: Track, timestamp: number, payload: Buffer): undefined {
    if (this.#full) return;
    const { journal, now, onFirstMedia, onChange, onMaxDuration } = this.#options;
    const acceptance = this.#entrance?.accept(track, timestamp, payload);
    if (acceptance === 'beyond-max-duration') {
      this.#full = true;
      onMaxDuration();
    }
    if (acceptance !== 'kept') return;
    const first = this.#lastMediaAt === undefined;
    this.#lastMediaAt = now();
    this.#bytes += payload.length;
    if (track === 'video') this.#frames += 1;
    if (first) onFirstMedia();
    const takes = journal.takes.length;
    if (this.#silent || takes !== this.#takes) {
      this.#silent = false;
      this.#takes = takes;
      onChange();
    }
  }
}
