import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { recorderStatusSchema } from '../../../recorder-image/contract/status.ts';
import type { RecorderState, RecorderStatus } from '../../../recorder-image/contract/status.ts';
import { resultSchema } from '../../../recorder-image/contract/result.ts';
import type { RecorderResult } from '../../../recorder-image/contract/result.ts';
import { startChild, whileAlive } from '../child-process.ts';
import type { Child } from '../child-process.ts';
import { ffmpegPath } from '../ffmpeg.ts';
import type { S3Service } from '../s3-server.ts';
import { waitFor } from '../wait-for.ts';

const SOURCES = join(import.meta.dirname, '../../../recorder-image/bin/recorder.ts');

/** What a recorder and the ones that are started after it in the same place have in common. */
export interface RecorderPlace {
  readonly streamKey: string;
  readonly recordingId: string;
  /** The folder of this recording in the spool. */
  readonly spool: string;
  readonly resultPath: string;
  readonly s3Key: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RecorderPlaceOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly s3: S3Service;
  readonly bucket: string;
  /** Added to the recorder's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RecorderProcess extends AsyncDisposable {
  readonly child: Child;
  /** Where its own publisher is to push. */
  readonly url: string;
  /** With another key or app. */
  readonly urlOf: (path: string) => string;
  readonly rtmpPort: number;
  readonly http: string;
  readonly status: () => Promise<RecorderStatus>;
  /** Returns the status once it is in this state. */
  readonly reach: (state: RecorderState) => Promise<RecorderStatus>;
  /** Sends SIGTERM and returns the exit code. */
  readonly stop: () => Promise<number | NodeJS.Signals>;
  /** As a node that loses its power, or the kernel when memory runs out. */
  readonly kill: () => Promise<void>;
}

export async function recorderPlace(options: RecorderPlaceOptions): Promise<RecorderPlace> {
  const { folder, s3, bucket, env = {} } = options;
  const recordingId = `rec-${randomUUID().slice(0, 8)}`;
  const streamKey = randomUUID();
  const resultPath = join(folder, 'termination-log');
  const s3Key = `recordings/standup/${recordingId}.mp4`;
  return {
    streamKey,
    recordingId,
    spool: join(folder, 'spool', recordingId),
    resultPath,
    s3Key,
    env: {
      RECORDING_ID: recordingId,
      STREAM_KEY_SHA256: createHash('sha256').update(streamKey).digest('hex'),
      RTMP_PORT: '0',
      HTTP_PORT: '0',
      RECORDING_STORAGE_PATH: join(folder, 'spool'),
      RECORDING_MIN_FREE_MB: '1',
      S3_BUCKET: bucket,
      S3_KEY: s3Key,
      S3_ENDPOINT: s3.endpoint,
      S3_FORCE_PATH_STYLE: 'true',
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      RESULT_PATH: resultPath,
      FFMPEG_PATH: await ffmpegPath(),
      LOG_LEVEL: 'debug',
      ...env,
    },
  };
}

/** Runs the recorder without waiting for anything: for environments that it does not get far with. */
export async function spawnRecorder(
  env: Readonly<Record<string, string>>,
  program = SOURCES,
): Promise<Child> {
  const fromSources = program === SOURCES;
  return await startChild({
    name: 'recorder',
    command: fromSources ? process.execPath : program,
    args: fromSources ? [program] : [],
    env: { ...env, PATH: withThisNode() },
  });
}

/** A bundle names Node, and what to run it with, in its first line, as in its image: here it is to be this Node. */
export function withThisNode(): string {
  return [dirname(process.execPath), process.env['PATH']].join(delimiter);
}

/** Starts the real recorder, from its sources or a bundle, and returns once it takes a publisher. */
export async function startRecorder(place: RecorderPlace, program?: string): Promise<RecorderProcess> {
  const child = await spawnRecorder(place.env, program);
  const { rtmpPort, httpPort } = await whileAlive(child, 'recorder', (signal) =>
    waitFor(() => portsIn(child.output()), { what: 'the recorder to listen', signal }),
  );
  const http = `http://127.0.0.1:${httpPort}`;
  const urlOf = (path: string): string => `rtmp://127.0.0.1:${rtmpPort}/${path}`;
  const status = async (): Promise<RecorderStatus> => {
    const answer = await fetch(`${http}/status`, { signal: AbortSignal.timeout(5000) });
    return recorderStatusSchema.parse(await answer.json());
  };
  return {
    child,
    url: urlOf(`live/${place.streamKey}`),
    urlOf,
    rtmpPort,
    http,
    status,
    reach: (state) =>
      whileAlive(child, 'recorder', (signal) =>
        waitFor(
          async () => {
            const now = await status();
            return now.state === state && now;
          },
          { what: `the recorder to be ${state}`, signal },
        ),
      ),
    stop: async () => {
      process.kill(child.pid, 'SIGTERM');
      return await child.exited;
    },
    kill: async () => {
      process.kill(child.pid, 'SIGKILL');
      await child.exited;
    },
    [Symbol.asyncDispose]: child.stop,
  };
}

export async function readResult(place: RecorderPlace): Promise<RecorderResult> {
  return resultSchema.parse(JSON.parse(await readFile(place.resultPath, 'utf8')));
}

function portsIn(output: string): { rtmpPort: number; httpPort: number } | undefined {
  const rtmpPort = portIn(output, 'waiting for the publisher');
  const httpPort = portIn(output, 'serving status');
  return rtmpPort === undefined || httpPort === undefined ? undefined : { rtmpPort, httpPort };
}

function portIn(output: string, message: string): number | undefined {
  const line = output.split('\n').find((text) => text.includes(`"msg":"${message}"`) && text.endsWith('}'));
  return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
}
