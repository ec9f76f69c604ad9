import { STATUS_CODES } from 'node:http';
import { ERROR_CODES } from '../error-codes.ts';
import type { ErrorCode } from '../error-codes.ts';
import { PLAYLIST_PATH, PLAYLIST_TYPE, playlistSchema } from '../playlist-routes.ts';
import { idempotencyKeySchema, meetingIdSchema, recordingIdSchema } from '../request-schemas.ts';
import { receivedSchema } from '../response-schemas.ts';
import type { ResponseDescription, Route } from '../route.ts';
import { BASE, ROUTES } from '../routes/index.ts';
import { componentSchemas, reference, schemaOf } from './components.ts';
import type { JsonSchema } from './components.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly Record<string, readonly string[]>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** OpenAPI 3.1, as far as it is used here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, string>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

/** Of the API, not of the program: the first number grows when clients must change. */
const API_VERSION = '1.0.0';
const OF_EVERY_ROUTE: readonly ErrorCode[] = ['malformed-request', 'internal', 'database-unavailable'];
const OF_CALLERS: readonly ErrorCode[] = [
  'token-missing',
  'token-invalid',
  'token-expired',
  'token-scope',
  'rate-limited',
  'invalid-request',
  'body-too-large',
  'unsupported-media-type',
  'keys-unavailable',
];
const OF_WEBHOOKS: readonly ErrorCode[] = ['signature-invalid', 'body-too-large', 'rate-limited'];
const PATH_PARAMETERS: Record<string, JsonSchema> = {
  meetingId: schemaOf(meetingIdSchema),
  recordingId: schemaOf(recordingIdSchema),
};

/** Describes the API by the schemas that it validates with. */
export function openApiDocument(): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  const add = (path: string, method: string, operation: Operation): void => {
    const name = BASE + path.replaceAll(/:(\w+)/g, '{$1}');
    paths[name] = { ...paths[name], [method]: operation };
  };
  for (const route of ROUTES) add(route.path, route.method, operationOf(route));
  add(PLAYLIST_PATH, 'get', PLAYLIST);
  add('/webhooks/agora', 'post', AGORA_WEBHOOK);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Meetrec',
      version: API_VERSION,
      description: 'Records meetings: starts, stops and tells of recordings, and hands out their files.',
    },
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

const PLAYLIST: Operation = {
  operationId: 'getPlaylist',
  summary:
    'A playlist in which every segment is signed; the link comes with the download of an m3u8 recording.',
  parameters: [{ name: 'link', in: 'path', required: true, schema: { type: 'string' } }],
  responses: responsesOf(
    { 200: { description: 'The playlist.', schema: playlistSchema, contentType: PLAYLIST_TYPE } },
    [...OF_EVERY_ROUTE, 'link-invalid', 'file-gone', 'rate-limited', 'storage-unavailable'],
  ),
};

const AGORA_WEBHOOK: Operation = {
  operationId: 'receiveAgoraNotification',
  summary: "What Agora's Notification Center tells of channels; signed in Agora-Signature-V2.",
  parameters: [],
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
  responses: responsesOf({ 200: { description: 'Taken in.', schema: receivedSchema } }, [
    ...OF_EVERY_ROUTE,
    ...OF_WEBHOOKS,
    'cluster-unavailable',
  ]),
};

function operationOf(route: Route): Operation {
  const body = schemaOf(route.body);
  // A body that can't say anything is not described.
  const takesBody = '$ref' in body || Object.keys(body['properties'] ?? {}).length > 0;
  const isNeeded = !route.body.safeParse({}).success;
  return {
    operationId: route.name,
    summary: route.summary,
    security: [{ bearer: [] }],
    parameters: parametersOf(route),
    ...(takesBody
      ? { requestBody: { required: isNeeded, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: responsesOf(route.responses, [...OF_EVERY_ROUTE, ...OF_CALLERS, ...route.errors]),
  };
}

function parametersOf({ path, query, isIdempotent }: Route): Parameter[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']): Parameter => {
    return { name, in: 'path', required: true, schema: PATH_PARAMETERS[name] ?? { type: 'string' } };
  });
  const fields = (schemaOf(query)['properties'] ?? {}) as Record<string, JsonSchema>;
  const inQuery = Object.entries(fields).map(([name, { description, ...schema }]): Parameter => {
    const said = typeof description === 'string' ? { description } : {};
    return { name, in: 'query', required: false, ...said, schema };
  });
  const idempotencyKey: Parameter = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes the request harmless to repeat for a day.',
    schema: schemaOf(idempotencyKeySchema),
  };
  return [...inPath, ...inQuery, ...(isIdempotent === true ? [idempotencyKey] : [])];
}

function responsesOf(
  responses: Readonly<Record<string, ResponseDescription>>,
  codes: readonly ErrorCode[],
): Operation['responses'] {
  const good = Object.entries(responses).map(([status, { description, schema, contentType }]) => {
    const type = contentType ?? 'application/json';
    return [
      status,
      schema === undefined
        ? { description }
        : { description, content: { [type]: { schema: schemaOf(schema) } } },
    ] as const;
  });
  const bad = [...Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].status)].map(
    ([status, sharing]) => {
      const description = `${STATUS_CODES[status] ?? 'Error'}: ${sharing.map((code) => `\`${code}\``).join(', ')}`;
      const content = { 'application/problem+json': { schema: { $ref: reference('Problem') } } };
      return [String(status), { description, content }] as const;
    },
  );
  return Object.fromEntries([...good, ...bad]);
}
