import type { Track } from '../journal/flv.ts';
import type { Journal, JournalEntrance } from '../journal/journal.ts';
import type { LeftOutTrack, Refusal } from '../journal/refusals.ts';
import type { ExpulsionReason, IngestEvents } from '../ingest/ingest.ts';
import type { MediaRefusal } from '../ingest/publisher-handlers.ts';
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
  /** A track can't be recorded. */
  readonly onLeftOut: (track: LeftOutTrack) => void;
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

  /** Returns what the publisher is to be told, once for each codec that can't be recorded. */
  onMedia(track: Track, timestamp: number, payload: Buffer): MediaRefusal | undefined {
    if (this.#full) return undefined;
    const acceptance = this.#entrance?.accept(track, timestamp, payload);
    if (acceptance?.outcome === 'beyond-max-duration') {
      this.#full = true;
      this.#options.onMaxDuration();
    }
    if (acceptance?.outcome === 'kept') this.#count(track, payload);
    return this.#refuse(acceptance?.refusal);
  }

  #count(track: Track, payload: Buffer): void {
    const { journal, now, onFirstMedia, onChange } = this.#options;
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

  #refuse(refusal: Refusal | undefined): MediaRefusal | undefined {
    if (refusal === undefined) return undefined;
    const { fatal, ...leftOut } = refusal;
    this.#options.onLeftOut(leftOut);
    return { refused: refusal.why, fatal };
  }
}
