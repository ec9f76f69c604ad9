import type { Logger } from 'pino';
import type { RecorderConfig } from '../config.ts';
import { EnvironmentError } from '../contract/environment.ts';
import { EXIT_CODES } from '../contract/exit-codes.ts';
import type { ExitCode } from '../contract/exit-codes.ts';
import type { ResultReason } from '../contract/result.ts';
import type { RecorderStatus } from '../contract/status.ts';
import { CertificateError } from '../ingest/server-certificate.ts';
import { openJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/journal.ts';
import type { Take } from '../journal/take.ts';
import type { RecorderMetrics } from '../metrics.ts';
import { writeResult } from '../result.ts';
import type { RecordingState } from '../spool/recording-state.ts';
import type { Spool } from '../spool/spool.ts';
import type { MaxDuration } from './max-duration.ts';
import type { AttemptManifests } from './attempt-manifests.ts';
import { completenessOf } from './completeness.ts';
import { completed, failedWith, failedWithoutMedia, reasonWithMedia } from './outcome.ts';
import type { Outcome, Times } from './outcome.ts';
import { lossOf } from './recorder-loss.ts';
import { DiskRelief } from './disk-relief.ts';
import { Reception } from './reception.ts';
import type { ReleasedTakes } from './released-takes.ts';
import type { SavedTake, StoredFile } from './renditions/rendition.ts';
import type { StatusBoard } from './status-board.ts';
import type { TakePipelines } from './take-pipelines.ts';

export interface RecorderOptions {
  readonly config: RecorderConfig;
  readonly maxDuration: MaxDuration;
  readonly spool: Spool;
  readonly state: RecordingState;
  readonly board: StatusBoard;
  readonly metrics: RecorderMetrics;
  readonly released: ReleasedTakes;
  readonly pipelines: TakePipelines;
  readonly log: Logger;
  /** Writes what this attempt has to say. */
  readonly manifests: AttemptManifests;
  /** When the recorder before this one ended, as a Unix time in ms, where that is known. */
  readonly endedAt: number | undefined;
  /** Unix time in ms; never goes back. */
  readonly now: () => number;
}

/**
 * One recording from the first publisher to the result: receive, finish, upload. Each step begins with what an earlier
 * recorder has left in the spool, so that it may be killed anywhere and started again.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #stop = Promise.withResolvers<ResultReason>();
  #listening = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Whether a publisher can come. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Returns when the result is written. The signal stops the receiving; finishing and uploading go on regardless. */
  async run(signal: AbortSignal): Promise<ExitCode> {
    const { state, board, log } = this.#options;
    const outcome = state.value.end ?? (await this.#record(signal));
    await this.#write(outcome);
    board.set({ state: 'done', publisher: undefined, troubles: {} });
    log.info(outcome, 'the recording is over');
    return outcome.exitCode;
  }

  /** A result that can't be written is written by a recorder that is started again, but for a failure that would stay. */
  async #write({ result, exitCode }: Outcome): Promise<void> {
    const { config, log } = this.#options;
    try {
      await writeResult(config.resultPath, result);
    } catch (error) {
      if (exitCode !== EXIT_CODES.diskFull) throw error;
      log.error({ error }, 'the result could not be written');
    }
  }

  async #record(signal: AbortSignal): Promise<Outcome> {
    try {
      const journal = await this.#openJournal();
      const reason = this.#options.state.value.stopReason ?? (await this.#receive(journal, signal));
      return await this.#finish(journal, reason);
    } finally {
      // Whatever went wrong: a process that has nothing to wait for has to end.
      this.#options.pipelines.cancel();
    }
  }

  async #openJournal(): Promise<Journal> {
    const { config, maxDuration, spool, released, board, pipelines, log, now } = this.#options;
    const journal = await openJournal({
      format: config.format,
      directory: spool.directory,
      released: released.takes,
      maxDurationMs: () => maxDuration.ms,
      now,
      onTake: (take) => pipelines.start(take),
      onError: (error) => {
        log.error({ error }, 'the disk takes no more');
        this.#stop.resolve('DiskFull');
      },
      onTrouble: (message) => {
        if (message !== undefined)
          log.error({ message }, 'the disk does not take what is received; trying again');
        board.trouble('journal', message);
      },
    });
    await this.#noteLoss(journal);
    return journal;
  }

  /** What an earlier recorder may have lost when it was killed. */
  async #noteLoss({ lastMediaAt }: Journal): Promise<void> {
    const { state, endedAt, now } = this.#options;
    const { live = false, losses = [], stopReason } = state.value;
    if (!live) return;
    const wasStopping = stopReason !== undefined;
    const loss = lossOf({ wasLive: live, lastMediaAt, endedAt, wasStopping, now: now() });
    await state.save({ live: false, losses: loss === undefined ? losses : [...losses, loss] });
  }

  async #receive(journal: Journal, signal: AbortSignal): Promise<ResultReason> {
    const { config, released, pipelines, log } = this.#options;
    const uploaded = (): Pick<RecorderStatus, 'bytesUploaded' | 'uploads'> => ({
      bytesUploaded: pipelines.bytesUploaded,
      uploads: pipelines.uploads,
    });
    const { minFreeBytes } = config;
    const savedOf = (take: Take): SavedTake | undefined => pipelines.savedOf(take);
    const relief = new DiskRelief({ journal, released, savedOf, minFreeBytes, log });
    const reception = new Reception({ ...this.#options, journal, relief, uploaded, stop: this.#stop });
    try {
      await reception.open();
    } catch (error) {
      // With media in the spool it is not given up for that: it is started again, and what it has is saved in the end.
      if (!(error instanceof CertificateError) || journal.takes.length > 0) throw error;
      throw new EnvironmentError(error.message, { cause: error });
    }
    this.#listening = true;
    try {
      return await reception.run(signal);
    } finally {
      this.#listening = false;
    }
  }

  async #finish(journal: Journal, reason: ResultReason): Promise<Outcome> {
    const { spool, state, board, pipelines, log } = this.#options;
    board.set({ state: 'finishing', publisher: undefined, takes: journal.takes.length });
    const { startedAt, lastMediaAt } = state.value;
    const stoppedAt = lastMediaAt ?? journal.lastMediaAt;
    const times: Times = {
      durationMs: journal.durationMs,
      startedAt: startedAt ?? startOf(journal),
      stoppedAt,
    };
    try {
      await journal.close();
      // From here on nothing is lost with this recorder: all that it has taken is on the disk.
      await state.save({ startedAt: times.startedAt, lastMediaAt: stoppedAt, live: false });
      if (!journal.takes.some((take) => take.hasMedia)) return await this.#keep(failedWithoutMedia(reason));
      if (!pipelines.muxing) board.set({ state: 'uploading' });
      const files = await pipelines.finished();
      const outcome = await this.#keep(await this.#conclude(journal, { reason, files, times }));
      // What stays takes room, and goes with the volume.
      await spool
        .clear(journal.takes)
        .catch((error: unknown) => log.error({ error }, 'the spool could not be cleared'));
      return outcome;
    } catch (error) {
      log.error({ error }, 'the recording could not be finished');
      return failedWith(error, times);
    }
  }

  /** Compares what was accepted with what is stored, and says the difference where it is looked for. */
  async #conclude(
    journal: Journal,
    end: { readonly reason: ResultReason; readonly files: readonly StoredFile[]; readonly times: Times },
  ): Promise<Outcome> {
    const { config, state, manifests } = this.#options;
    const { losses = [], leftOut = [] } = state.value;
    const { takes, silences } = journal;
    const startedAt = end.times.startedAt ?? 0;
    const completeness = completenessOf({ takes, silences, files: end.files, losses, leftOut, startedAt });
    const reason = reasonWithMedia(end.reason);
    const manifest = await manifests.write({ ...end, config, reason, completeness, leftOut });
    return completed({ ...end, reason, completeness, manifest, config });
  }

  /** A recorder that is started again says the same. */
  async #keep(outcome: Outcome): Promise<Outcome> {
    await this.#options.state.save({ end: outcome });
    return outcome;
  }
}

/** For a recorder that was killed before it could note when the first media came. */
function startOf(journal: Journal): number | undefined {
  return journal.lastMediaAt === undefined ? undefined : journal.lastMediaAt - journal.durationMs;
}
