import { createHash } from 'node:crypto';

const LABEL_VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Any text as a label's value: itself where Kubernetes takes it, else the beginning of its SHA-256. */
export function labelValue(text: string): string {
  if (LABEL_VALUE.test(text)) return text;
  return `sha256-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}
