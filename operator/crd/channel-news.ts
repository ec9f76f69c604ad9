import { PARTICIPANTS_ANNOTATION, PUSH_NEWS_ANNOTATION } from './names.ts';
import { BOUNDS } from './spec.ts';

/** As many are told of; no picture shows more. */
export const MOST_PARTICIPANTS = 100;
/** Longer texts were not written by us, and are not read. */
const MOST_CHARACTERS = 2000;
const PUSH_NEWS = /^(failed|destroyed) (\S{1,256})(?: (.{1,64}))?$/;

interface Annotated {
  readonly metadata: { readonly annotations?: Record<string, string> | undefined };
}

/** What became of a converter. */
export interface PushNews {
  readonly is: 'failed' | 'destroyed';
  readonly converterId: string;
  /** Why it was destroyed, in Agora's words: "Delete Request", "Idle Timeout", "Internal Error". */
  readonly reason?: string | undefined;
}

/** The value of the annotation that tells who is in the channel. */
export function participantsText(uids: readonly number[]): string {
  return uids.slice(0, MOST_PARTICIPANTS).join(',');
}

/** Who is in the channel, in the order in which they came; undefined where nothing is known, or nothing that can be read. */
export function participantsOf({ metadata }: Annotated): number[] | undefined {
  const text = metadata.annotations?.[PARTICIPANTS_ANNOTATION];
  if (text === undefined || text.length > MOST_CHARACTERS) return undefined;
  if (text.trim() === '') return [];
  const uids = text.split(',').map((part) => Number(part.trim()));
  return uids.every(isUid) ? uids.slice(0, MOST_PARTICIPANTS) : undefined;
}

/** Whether this is a uid as streams have one: uids of others, such as texts, can't be arranged. */
export function isUid(value: number): boolean {
  return Number.isInteger(value) && value >= BOUNDS.uid.min && value <= BOUNDS.uid.max;
}

/** The value of the annotation that tells what became of a converter. */
export function pushNewsText({ is, converterId, reason }: PushNews): string {
  const why = reason?.replaceAll(/\s+/g, ' ').trim().slice(0, 64);
  return [is, converterId, ...(why === undefined || why === '' ? [] : [why])].join(' ');
}

export function pushNewsOf({ metadata }: Annotated): PushNews | undefined {
  const [, is, converterId, reason] =
    PUSH_NEWS.exec(metadata.annotations?.[PUSH_NEWS_ANNOTATION] ?? '') ?? [];
  if ((is !== 'failed' && is !== 'destroyed') || converterId === undefined) return undefined;
  return { is, converterId, ...(reason !== undefined && { reason }) };
}
