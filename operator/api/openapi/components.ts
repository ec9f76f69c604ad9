import { z } from 'zod';
import {
  meetingBodySchema,
  legalHoldBodySchema,
  rtcTokenBodySchema,
  startBodySchema,
  tokenBodySchema,
} from '../request-schemas.ts';
import {
  downloadSchema,
  listSchema,
  legalHoldSchema,
  meetingSchema,
  problemSchema,
  receivedSchema,
  recordingTokenSchema,
  recordingAnswerSchema,
  recordingSchema,
  rtcTokenSchema,
  startedSchema,
  statusSchema,
} from '../response-schemas.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const REQUESTS: Record<string, z.ZodType> = {
  MeetingRegistration: meetingBodySchema,
  LegalHoldRequest: legalHoldBodySchema,
  RecordingOptions: startBodySchema,
  RecordingTokenRequest: tokenBodySchema,
  RtcTokenRequest: rtcTokenBodySchema,
};

const RESPONSES: Record<string, z.ZodType> = {
  Download: downloadSchema,
  LegalHold: legalHoldSchema,
  Meeting: meetingSchema,
  Problem: problemSchema,
  Received: receivedSchema,
  Recording: recordingSchema,
  RecordingAnswer: recordingAnswerSchema,
  RecordingToken: recordingTokenSchema,
  RecordingList: listSchema,
  RtcToken: rtcTokenSchema,
  StartedRecording: startedSchema,
  RecordingStatus: statusSchema,
};

const NAMES = new Map(
  Object.entries({ ...REQUESTS, ...RESPONSES }).map(([name, schema]) => [schema, name] as const),
);

export function reference(name: string): string {
  return `#/components/schemas/${name}`;
}

/** A reference where the schema has a name, else the schema itself. Requests are described as they are sent. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const name = NAMES.get(schema);
  if (name !== undefined) return { $ref: reference(name) };
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', override: tidy });
  return json;
}

/** Every schema that has a name. */
export function componentSchemas(): Record<string, JsonSchema> {
  const all = { ...named(REQUESTS, 'input'), ...named(RESPONSES, 'output') };
  return Object.fromEntries(Object.entries(all).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function named(schemas: Record<string, z.ZodType>, io: 'input' | 'output'): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, { uri: reference, io, override: tidy }).schemas;
  return Object.fromEntries(
    Object.entries(made).map(([name, schema]) => {
      const { $schema: _schema, $id: _id, ...rest } = schema;
      // What .meta() says of a schema is lost where it is made under a name.
      const { id: _, ...meta } = (schemas[name]?.meta() ?? {}) as Record<string, unknown>;
      return [name, { ...rest, ...meta }];
    }),
  );
}

/** Formats say it all: their patterns, and the bounds of JavaScript's integers, are noise to readers. */
function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
}
