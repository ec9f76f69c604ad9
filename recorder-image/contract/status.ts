import { z } from 'zod';

/** What the recorder is doing, as `GET /status` tells it. */
export const recorderStateSchema = z.enum([
  'waiting',
  'recording',
  'reconnecting',
  'finishing',
  'uploading',
  'done',
]);
export type RecorderState = z.infer<typeof recorderStateSchema>;

/** How a recorder ended that was started again in its container. */
export const recorderTerminationSchema = z.object({
  /** 128 and the signal's number, where a signal ended it. */
  exitCode: z.int(),
  /** Its name, SIGKILL for example. */
  signal: z.string().optional(),
  /** Its own last words, where it left any. */
  message: z.string().optional(),
  at: z.string(),
});
export type RecorderTermination = z.infer<typeof recorderTerminationSchema>;

/** The body of `GET /status`. Durations in seconds, times RFC 3339, bitrate in kbit/s. */
export const recorderStatusSchema = z.object({
  recordingId: z.string(),
  state: recorderStateSchema,
  /** Grows by one with every change of the state; `?wait=SECONDS&after=VERSION` answers once it is above VERSION. */
  version: z.int().min(0),
  /** When the first media came. */
  startedAt: z.string().optional(),
  /** When the last media came. */
  lastMediaAt: z.string().optional(),
  durationSeconds: z.number().min(0),
  /** At how many seconds of media it will stop by itself, as far as it knows by now. */
  maxDurationSeconds: z.number().optional(),
  bytesReceived: z.int().min(0),
  bytesUploaded: z.int().min(0),
  /** What lies in the spool. */
  bytesSpooled: z.int().min(0),
  /** What the spool's file system has left. */
  bytesFree: z.int().min(0),
  bitrateKbps: z.number().min(0),
  fps: z.number().min(0),
  publisher: z.object({ address: z.string(), connectedAt: z.string() }).optional(),
  /** How many times the codec parameters changed, plus one; 0 before the first media. */
  takes: z.int().min(0),
  /** How far the upload of each take is: what S3 holds of it. */
  uploads: z
    .array(
      z.object({
        key: z.string(),
        /** Of the multipart upload, once it is begun. */
        uploadId: z.string().optional(),
        /** Bytes. */
        partSize: z.int().min(1).optional(),
        parts: z
          .array(z.object({ number: z.int(), size: z.int(), etag: z.string(), crc32: z.string() }))
          .readonly()
          .optional(),
        /** How many segments, with RECORDING_FORMAT=m3u8. */
        segments: z.int().min(0).optional(),
      }),
    )
    .optional(),
  /** How often it was started again in its container; absent: never, or by a kubelet alone. */
  restarts: z.int().min(0).optional(),
  /** How the one before it ended in this container. */
  lastTermination: recorderTerminationSchema.optional(),
  /** Why it waits, where it waits for something outside: the store, for example. */
  message: z.string().optional(),
});
export type RecorderStatus = z.infer<typeof recorderStatusSchema>;

/** The longest that `?wait=` holds an answer back, in seconds. */
export const MAX_STATUS_WAIT_SECONDS = 60;
