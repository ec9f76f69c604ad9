import { z } from 'zod';
import { GAP_REASONS, INCOMPLETE_REASONS } from '../../recorder-image/contract/completeness.ts';
import { FILE_FORMATS } from '../../recorder-image/contract/formats.ts';
import { conditionSchema } from './conditions.ts';
import { phaseSchema } from './phases.ts';
import { BOUNDS, LAYOUTS } from './spec.ts';

const time = (description: string) => z.string().max(64).describe(description).meta({ format: 'date-time' });
const int64 = (description: string) => z.int().min(0).describe(description).meta({ format: 'int64' });

export const fileSchema = z.object({
  bucket: z.string().max(255),
  key: z.string().max(1024),
  url: z.string().max(2048).describe('s3://BUCKET/KEY'),
  sizeBytes: int64('Size of the file in bytes.'),
  format: z.enum(FILE_FORMATS),
  checksum: z.string().max(128).optional().describe('ALGORITHM:VALUE as the object store reports it.'),
});
export type RecordingFile = z.infer<typeof fileSchema>;

export const folderSchema = z.object({
  bucket: z.string().max(255),
  prefix: z.string().max(1024).describe('What the keys of its files begin with; ends with a slash.'),
});
export type RecordingFolder = z.infer<typeof folderSchema>;

export const lastTerminationSchema = z.object({
  exitCode: z.int(),
  reason: z.string().max(128),
  message: z.string().max(4096),
  node: z.string().max(253).optional(),
  at: time('When it ended.'),
});
export type LastTermination = z.infer<typeof lastTerminationSchema>;

/** The most gaps that a status lists. */
export const MAX_GAPS = 16;

const gapsSchema = z
  .array(
    z.object({
      from: time('When the media breaks off.'),
      to: time('When it goes on, or would have.'),
      reason: z.enum(GAP_REASONS),
    }),
  )
  .max(MAX_GAPS)
  .meta({ 'x-kubernetes-list-type': 'atomic' });

export const manifestRefSchema = z.object({
  bucket: z.string().max(255),
  key: z.string().max(1024),
  checksum: z.string().max(128).optional().describe('ALGORITHM:VALUE as the object store reports it.'),
});
export type ManifestRef = z.infer<typeof manifestRefSchema>;

/** What a recorder, or who salvaged in its place, says of what it accepted and no file has. */
export const reportSchema = z.object({
  complete: z.boolean().optional().describe('Whether everything is in the files; absent: it does not say.'),
  reason: z.enum(INCOMPLETE_REASONS).optional(),
  message: z.string().max(1024).optional(),
  missingSeconds: z.number().min(0).optional(),
  gaps: gapsSchema.optional(),
  manifest: manifestRefSchema.optional(),
});
export type RecorderReport = z.infer<typeof reportSchema>;

/** A recorder that was lost before it could save its file, and what became of what it had stored. */
export const partSchema = z.object({
  attempt: z.int().min(1).describe('The number of the recorder pod that was lost.'),
  state: z
    .enum(['Salvaging', 'Salvaged', 'Lost'])
    .describe('Salvaging: a pod makes a file of what is in S3. Lost: there was nothing, or it failed.'),
  since: time('When the recorder was given up.'),
  key: z.string().max(1024).describe('Where the recorder stored its file.'),
  durationSeconds: z.number().min(0).optional().describe('Seconds of media, as far as they are known.'),
  receivedSeconds: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Seconds of media that the recorder had received when it was last heard; absent: none that is known.',
    ),
  lastMediaAt: time('When the last of that came.').optional(),
  resumedAt: time('When another recorder had its first media.').optional(),
  report: reportSchema.optional().describe('What the pod that salvaged says of what is missing.'),
  files: z.array(fileSchema).max(100).optional(),
  message: z.string().max(1024).optional(),
});
export type RecordingPart = z.infer<typeof partSchema>;

export const statusSchema = z.object({
  observedGeneration: int64('The generation that this status tells about.').optional(),
  phase: phaseSchema.optional(),
  reason: z.string().max(128).optional().describe('Why the recording is in its phase; stable, CamelCase.'),
  message: z.string().max(4096).optional().describe('The same for people.'),
  conditions: z
    .array(conditionSchema)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  immutableReplicas: z.int().min(0).max(1).optional().describe('For the scale subresource; never set.'),
  queuePosition: z.int().min(1).optional().describe('Place in the queue, from 1; only while Pending.'),
  podName: z.string().max(253).optional(),
  nodeName: z.string().max(253).optional(),
  recorderUrl: z
    .string()
    .max(256)
    .optional()
    .describe('http://IP:PORT of the recorder inside the cluster, while it runs: /status, /metrics.'),
  attempt: z.int().min(1).optional().describe('The number of the recorder pod, from 1.'),
  attemptsRefused: z
    .int()
    .min(0)
    .optional()
    .describe('How many of them were let go again because Agora had no room for the push.'),
  ingest: z
    .object({ url: z.string().max(1024).describe('rtmp://HOST:PORT/live, without the stream key.') })
    .optional(),
  agora: z
    .object({
      converterId: z.string().max(256),
      state: z.string().max(64).optional(),
      layout: z.enum(LAYOUTS).optional().describe("How the picture is arranged; auto: in Agora's own way."),
      shown: z
        .array(z.int().min(BOUNDS.uid.min).max(BOUNDS.uid.max).meta({ format: 'int64' }))
        .max(16)
        .optional()
        .describe('Who is in the picture, by uid, where it is not arranged by Agora.')
        .meta({ 'x-kubernetes-list-type': 'atomic' }),
      sequence: int64('Of the last change of the picture; Agora wants it to grow.').optional(),
      missedAt: time('When the push was found gone and asked for again; until media comes.').optional(),
    })
    .optional()
    .describe("Agora's converter that pushes the meeting."),
  folder: folderSchema
    .optional()
    .describe(
      "Where the recording's files lie: nothing else is taken for one of them. Set with its first recorder, and never changed.",
    ),
  startedAt: time('When the first media came.').optional(),
  stoppedAt: time('When the last media came.').optional(),
  completedAt: time('When the recording reached its end: file available, or failed.').optional(),
  durationSeconds: z.number().min(0).optional().describe('Seconds of media.'),
  missingSeconds: z
    .number()
    .min(0)
    .optional()
    .describe(
      "Seconds that are missing by the installation's fault, once it has ended; absent: nobody can tell.",
    ),
  gaps: gapsSchema
    .optional()
    .describe('Stretches of time of which there is no media, once it has ended; the manifest has all.'),
  file: fileSchema.optional(),
  files: z
    .array(fileSchema)
    .max(100)
    .optional()
    .describe('More than one take that could not be joined.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  manifest: manifestRefSchema.optional().describe('Where the list of all files lies, with what is in them.'),
  parts: z
    .array(partSchema)
    .max(16)
    .optional()
    .describe('Recorders that were lost, and what was saved of each.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['attempt'] }),
  lastTermination: lastTerminationSchema
    .optional()
    .describe('How the recorder last ended, also one that was started again.'),
});
export type MeetingRecordingStatus = z.infer<typeof statusSchema>;
