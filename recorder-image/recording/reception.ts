import type { Logger } from 'pino';
import type { RecorderConfig } from '../config.ts';
import type { ResultReason } from '../contract/result.ts';
import type { RecorderStatus } from '../contract/status.ts';
import { Ingest } from '../ingest/ingest.ts';
import type { Journal } from '../journal/journal.ts';
import { acceptedFourCcs } from '../media/enhanced-rtmp.ts';
import type { RecorderMetrics } from '../metrics.ts';
import type { RecordingState } from '../spool/recording-state.ts';
import type { Spool } from '../spool/spool.ts';
import { assess } from './assess.ts';
import type { DiskRelief } from './disk-relief.ts';
import { Intake } from './intake.ts';
import type { MaxDuration } from './max-duration.ts';
import type { StatusBoard } from './status-board.ts';

const TICK_MS = 1000;
/** While this many times the limit is free, in bytes, it is asked for only every so many ticks: it wakes a thread. */
const AMPLE = 4;
const AMPLE_TICKS = 5;

export interface ReceptionOptions {
  readonly config: RecorderConfig;
  readonly maxDuration: MaxDuration;
  readonly spool: Spool;
  readonly state: RecordingState;
  readonly journal: Journal;
  readonly relief: DiskRelief;
  readonly board: StatusBoard;
  readonly metrics: RecorderMetrics;
  readonly uploaded: () => Pick<RecorderStatus, 'bytesUploaded' | 'uploads'>;
  readonly log: Logger;
  readonly now: () => number;
  /** Settled with the reason by whatever ends the recording first. */
  readonly stop: PromiseWithResolvers<ResultReason>;
}

/** The time in which media is received: from listening to the last message that was on its way at the stop. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #intake: Intake;
  readonly #ingest: Ingest;
  /** Undefined as long as the file system does not tell. */
  #bytesFree: number | undefined;
  #ticks = 0;
  #over = false;

  constructor(options: ReceptionOptions) {
    const { config, journal, metrics, now, log, state, stop } = options;
    this.#options = options;
    this.#intake = new Intake({
      journal,
      metrics,
      now,
      onFirstMedia: () => void state.save({ startedAt: now() }),
      onChange: () => {
        void this.#noteLive();
        this.#assess();
      },
      onLeftOut: (track) => void state.leaveOut(track),
      onMaxDuration: () => stop.resolve('MaxDurationReached'),
    });
    this.#ingest = new Ingest({
      port: config.rtmpPort,
      tls: config.rtmpTls,
      proxyProtocol: config.rtmpProxyProtocol,
      streamKeySha256: config.streamKeySha256,
      fourCcs: acceptedFourCcs(config.format),
      events: this.#intake,
      log,
    });
    options.board.measure(() => this.#figures());
  }

  /** Starts listening. Throws when it can't, CertificateError for want of a certificate. */
  async open(): Promise<void> {
    await this.#tick();
    const port = await this.#ingest.listen();
    this.#options.log.info({ port }, 'waiting for the publisher');
  }

  /** Receives until something ends it, and returns what: the signal, the publisher's absence, a limit. */
  async run(signal: AbortSignal): Promise<ResultReason> {
    const { state, stop, board, log } = this.#options;
    const asked = (): void => stop.resolve('Stopped');
    if (signal.aborted) asked();
    signal.addEventListener('abort', asked, { once: true });
    const ticker = setInterval(() => void this.#tick(), TICK_MS);
    try {
      const reason = await stop.promise;
      this.#over = true;
      log.info({ reason }, 'stopping');
      board.set({ state: 'finishing', publisher: undefined });
      // Said before anything is closed: a recorder that is started again from here on receives no more.
      await state.save({ stopReason: reason });
      return reason;
    } finally {
      this.#over = true;
      signal.removeEventListener('abort', asked);
      clearInterval(ticker);
      await this.#ingest.drainAndClose();
      this.#intake.sample();
    }
  }

  /** Kept before anything can be lost with a publisher, and until all that it has sent is written. */
  async #noteLive(): Promise<void> {
    const { state, journal } = this.#options;
    const isLive = (): boolean => this.#intake.publisher !== undefined;
    if (state.value.live === isLive()) return;
    if (isLive()) return await state.save({ live: true });
    await journal.flush();
    if (!isLive()) await state.save({ live: false });
  }

  async #tick(): Promise<void> {
    const { metrics, journal, maxDuration, log } = this.#options;
    const changed = await maxDuration.look();
    if (changed) log.info({ maxDurationMs: maxDuration.ms }, 'the maximum duration was changed');
    await this.#lookAtDisk();
    this.#intake.sample();
    metrics.freeBytes.set(this.#bytesFree ?? 0);
    metrics.spoolBytes.set(journal.size);
    this.#assess();
  }

  async #lookAtDisk(): Promise<void> {
    const { config, spool, board, relief, log } = this.#options;
    const ample = (this.#bytesFree ?? 0) > AMPLE * config.minFreeBytes;
    if (ample && this.#ticks++ % AMPLE_TICKS !== 0) return;
    try {
      this.#bytesFree = await spool.bytesFree();
      if (await relief.look(this.#bytesFree)) this.#bytesFree = await spool.bytesFree();
    } catch (error) {
      // What is not known ends nothing: a disk that is full says so itself.
      log.warn({ error }, 'free space unknown');
      return;
    }
    board.trouble('disk', relief.message);
  }

  #assess(): void {
    // What still comes in while it is being stopped is kept, and is no news.
    if (this.#over) return;
    const { config, maxDuration, state, board, journal, relief, stop, now } = this.#options;
    const { publisher, lastMediaAt } = this.#intake;
    const facts = {
      now: now(),
      createdAt: state.value.createdAt,
      startedAt: state.value.startedAt,
      lastMediaAt,
      publisherConnected: publisher !== undefined,
      bytesFree: this.#bytesFree,
    };
    const assessment = assess(facts, {
      ...config,
      maxDurationMs: maxDuration.ms,
      minFreeBytes: relief.floorBytes,
    });
    if (assessment.state !== 'recording') this.#intake.expectMedia();
    const connected =
      publisher === undefined
        ? undefined
        : { address: publisher.address, connectedAt: new Date(publisher.connectedAt).toISOString() };
    board.set({ state: assessment.state, publisher: connected, takes: journal.takes.length });
    if (assessment.stop !== undefined) stop.resolve(assessment.stop);
  }

  #figures(): ReturnType<Parameters<StatusBoard['measure']>[0]> {
    const { journal, maxDuration, state, uploaded } = this.#options;
    const { rates, bytesReceived, lastMediaAt } = this.#intake;
    const { startedAt } = state.value;
    return {
      ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt).toISOString() }),
      ...(lastMediaAt === undefined ? {} : { lastMediaAt: new Date(lastMediaAt).toISOString() }),
      durationSeconds: journal.durationMs / 1000,
      maxDurationSeconds: maxDuration.ms / 1000,
      bytesReceived,
      ...uploaded(),
      bytesSpooled: journal.size,
      bytesFree: this.#bytesFree ?? 0,
      bitrateKbps: rates.bitrateKbps,
      fps: rates.fps,
    };
  }
}
