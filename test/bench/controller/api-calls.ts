import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { CONTROLLER_USER } from './setup-objects.ts';

/** The API server writes one line for each call of the controller's user, and none of anybody else's. */
export function auditPolicy(): object {
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata', users: [CONTROLLER_USER] }, { level: 'None' }],
  };
}

interface AuditEvent {
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
}

/** The calls by verb, and by verb and resource, as `create pods`; refused ones (4xx, 5xx) beside them. */
export interface ApiCalls {
  readonly total: number;
  readonly byVerb: Readonly<Record<string, number>>;
  readonly byResource: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
}

/** How much has been written to the log. */
export async function auditedBytes(auditLog: string): Promise<number> {
  return (await stat(auditLog)).size;
}

/** Throws when the log is not the whole of it. */
export async function countApiCalls(auditLog: string): Promise<ApiCalls> {
  const files = await readdir(dirname(auditLog));
  const parts = files.filter((name) => name.startsWith(basename(auditLog, '.log')) && name.endsWith('.log'));
  if (parts.length !== 1) throw new Error(`The API server has begun another audit log: ${parts.join(', ')}`);
  const byVerb: Record<string, number> = {};
  const byResource: Record<string, number> = {};
  const refused: Record<string, number> = {};
  let total = 0;
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    const { verb, objectRef, responseStatus } = JSON.parse(line) as AuditEvent;
    const { resource = '', subresource } = objectRef ?? {};
    const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    const code = responseStatus?.code ?? 0;
    total++;
    add(byVerb, verb);
    add(byResource, what);
    if (code >= 400) add(refused, `${code} ${what}`);
  }
  return { total, byVerb, byResource, refused };
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
