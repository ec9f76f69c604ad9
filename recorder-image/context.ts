import { pino } from 'pino';
import type { Logger } from 'pino';
import type { RecorderConfig } from './config.ts';
import { HttpServer } from './http/server.ts';
import { RecorderMetrics } from './metrics.ts';
import { AttemptManifests } from './recording/attempt-manifests.ts';
import { MaxDuration } from './recording/max-duration.ts';
import { Recorder } from './recording/recorder.ts';
import { ReleasedTakes } from './recording/released-takes.ts';
import { StatusBoard } from './recording/status-board.ts';
import { TakePipelines } from './recording/take-pipelines.ts';
import { openRecordingState } from './spool/recording-state.ts';
import { Spool } from './spool/spool.ts';
import type { EarlierRuns } from './supervision.ts';
import { S3ObjectStore } from './upload/s3-object-store.ts';

export interface RecorderContext {
  readonly recorder: Recorder;
  readonly http: HttpServer;
  readonly log: Logger;
}

/** Builds everything that a recording needs, from its configuration and what became of the recorders before. */
export async function createContext(config: RecorderConfig, earlier: EarlierRuns): Promise<RecorderContext> {
  const log = pino({
    level: config.logLevel,
    base: { recordingId: config.recordingId },
    serializers: { error: pino.stdSerializers.err },
  });
  // The wall clock as it was at the start, and a clock that nobody sets since then.
  const now = (): number => performance.timeOrigin + performance.now();
  const spool = new Spool(config);
  await spool.create();
  const state = await openRecordingState({ path: spool.statePath, now: now(), log });
  const board = new StatusBoard({ ...config, earlier });
  const metrics = new RecorderMetrics();
  metrics.restarts.inc(earlier.restarts);
  const store = new S3ObjectStore(config.upload.s3);
  const random = (): number => Math.random();
  const startedAt = (): number | undefined => state.value.startedAt;
  const stoppedAt = (): number | undefined => state.value.lastMediaAt;
  const released = await ReleasedTakes.open(spool);
  const pipelines = new TakePipelines({
    ...{ config, spool, store, released, board, metrics, log },
    ...{ random, now, startedAt, stoppedAt },
  });
  metrics.uploadLag(() => pipelines.uploadLagMs(now()) / 1000);
  const maxDuration = new MaxDuration({ initialMs: config.maxDurationMs, path: config.maxDurationPath });
  const manifests = new AttemptManifests({ config, store, patience: pipelines.patience, log });
  const endedAt = Date.parse(earlier.lastTermination?.at ?? '');
  const recorder = new Recorder({
    ...{ config, maxDuration, spool, state, board, metrics, released, pipelines, manifests, log, now },
    endedAt: Number.isNaN(endedAt) ? undefined : endedAt,
  });
  const http = new HttpServer({
    port: config.httpPort,
    board,
    metrics,
    ready: () => recorder.listening,
    log,
  });
  return { recorder, http, log };
}
