import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestKey } from '../../../../recorder-image/contract/object-keys.ts';
import { recorderPlace, startRecorder } from '../../../support/media/recorder-process.ts';
import { waitFor } from '../../../support/wait-for.ts';
import type { Target } from '../target.ts';

/** The recorder itself, from the bundle that its image holds, everything on: journal, MP4, upload to S3. */
export function meetrec(program: string, env: Readonly<Record<string, string>> = {}): Target {
  return {
    name: 'meetrec',
    start: async ({ folder, s3, bucket }) => {
      // The clip repeated for two hours is some seconds longer than that.
      const settings = { LOG_LEVEL: 'info', RECORDING_MAX_DURATION: '10800', ...env };
      const place = await recorderPlace({ folder, s3, bucket, env: settings });
      const recorder = await startRecorder(place, program);
      const [file, manifest] = [place.s3Key, manifestKey(place.s3Key)].map((key) =>
        join(s3.directory, bucket, key),
      ) as [string, string];
      return {
        pid: recorder.child.pid,
        url: recorder.url,
        receivedSeconds: async () => (await recorder.status()).durationSeconds,
        finish: async () => {
          const stopped = performance.now();
          const exited = recorder.stop();
          const patience = { timeoutMs: 300_000, intervalMs: 5 };
          await waitFor(() => stat(file), { what: 'the object in S3', ...patience });
          // Last of all.
          await waitFor(() => stat(manifest), { what: 'its manifest', ...patience });
          const availableSeconds = (performance.now() - stopped) / 1000;
          const code = await exited;
          if (code !== 0) throw new Error(`the recorder ended with ${code}: ${recorder.child.output()}`);
          return { file, availableSeconds };
        },
        [Symbol.asyncDispose]: () => recorder[Symbol.asyncDispose](),
      };
    },
  };
}
