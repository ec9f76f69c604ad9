import { pino } from 'pino';
import { parseSalvageEnvironment } from '../contract/environment.ts';
import { EXIT_CODES } from '../contract/exit-codes.ts';
import type { ExitCode } from '../contract/exit-codes.ts';
import { writeResult } from '../result.ts';
import { runReporting } from '../run.ts';
import type { RunOptions } from '../run.ts';
import { S3ObjectStore } from '../upload/s3-object-store.ts';
import { salvage } from './salvage.ts';
import { salvageConfigFrom } from './salvage-config.ts';

/** Saves what a lost recorder had stored, and returns the exit code. Never throws: whatever goes wrong is in the result. */
export function runSalvage(options: RunOptions): Promise<ExitCode> {
  return runReporting(options, {
    configFrom: (env) => salvageConfigFrom(parseSalvageEnvironment(env)),
    work: async (config, signal) => {
      const log = pino({
        level: config.logLevel,
        base: { recordingId: config.recordingId },
        serializers: { error: pino.stdSerializers.err },
      });
      const store = new S3ObjectStore(config.s3);
      try {
        const outcome = await salvage({ config, store, log }, signal);
        await writeResult(config.resultPath, outcome.result);
        log.info(outcome, 'what was stored is saved as far as it can be');
        return outcome.exitCode;
      } catch (error) {
        if (!signal.aborted) throw error;
        // That is no result: another one begins where this one ends.
        log.warn('told to stop before it was through');
        return EXIT_CODES.failed;
      }
    },
  });
}
