import { fieldOf, peopleIn } from './channel-presence.ts';
import type { ChannelDocument, ChannelRevision, Presence } from './channel-presence.ts';

/** Somebody whom Agora lists when it is asked who is in a channel. */
export interface ChannelPerson {
  readonly uid: string;
  /** False: they only watch. */
  readonly sends: boolean;
}

/**
 * Agora's answers lag behind, by milliseconds mostly, and events have their time in seconds: an answer is believed as
 * of so many milliseconds before it was asked for.
 */
export const LAG_MS = 5000;
/** Looks that are closer together, in milliseconds, are one. */
const APART_MS = 900;
/** The order of who was seen and never told of: every event comes after it. */
const UNTOLD = -1;

/** Of those whom Agora listed, the ones that count: its own pushes may be among those who only watch, and have no mark. */
export function thoseWhoCount(
  known: ChannelDocument | undefined,
  people: readonly ChannelPerson[],
): readonly ChannelPerson[] {
  return people.filter(({ uid, sends }) => sends || isTold(known, uid));
}

/**
 * What is known of a channel after Agora has listed who is in it.
 *
 * @param people those of them who count
 * @param asOf whoever was told of later is left as they were told of
 */
export function afterLook(
  known: ChannelDocument | undefined,
  people: readonly ChannelPerson[],
  asOf: Date,
): ChannelRevision | undefined {
  // The channel has ended since, and those who are listed with it.
  if (known?.endedAt && known.endedAt > asOf) return undefined;
  const participants = { ...cameBy(known, people, asOf), ...leftBy(known, people, asOf) };
  const isNews = Object.keys(participants).length > 0;
  const fields = {
    polledAt: latest(asOf, known?.polledAt),
    emptyAt: null,
    ...(isNews && { lastEventAt: latest(asOf, known?.lastEventAt) }),
  };
  return { participants, fields, isNews };
}

/**
 * The same after Agora has listed nobody. That proves nothing, unless it is so for the second time in a row: then
 * everybody has left at the first. Undefined where nobody was known to be there.
 */
export function afterEmptyLook(known: ChannelDocument | undefined, at: Date): ChannelRevision | undefined {
  if (known === undefined || !isOpen(known)) return undefined;
  const asOf = new Date(at.getTime() - LAG_MS);
  // Somebody was told of in the meantime: asked again, Agora knows of them.
  if (known.lastEventAt > asOf) return undefined;
  const { emptyAt } = known;
  if (!emptyAt) return { participants: {}, fields: { emptyAt: at }, isNews: false };
  if (at.getTime() - emptyAt.getTime() < APART_MS) return undefined;
  const endedAt = latest(emptyAt, known.endedAt);
  return {
    participants: {},
    fields: {
      endedAt,
      emptyAt: null,
      lastEventAt: latest(endedAt, known.lastEventAt),
      polledAt: latest(asOf, known.polledAt),
      // The grace is counted from the first look.
      seenAt: latest(emptyAt, known.seenAt),
    },
    isNews: true,
  };
}

function cameBy(
  known: ChannelDocument | undefined,
  people: readonly ChannelPerson[],
  asOf: Date,
): Record<string, Presence> {
  const changed: Record<string, Presence> = {};
  for (const { uid, sends } of people) {
    const before = known?.participants[fieldOf(uid)];
    const isThere = before !== undefined && isIn(known, before);
    const isAsKnown = isThere && before.sends === sends;
    const isToldLater = before !== undefined && before.at > asOf;
    if (isAsKnown || isToldLater) continue;
    const at = isThere ? before.at : asOf;
    changed[fieldOf(uid)] = { uid, order: before?.order ?? UNTOLD, at, isIn: true, sends };
  }
  return changed;
}

function leftBy(
  known: ChannelDocument | undefined,
  people: readonly ChannelPerson[],
  asOf: Date,
): Record<string, Presence> {
  const listed = new Set(people.map(({ uid }) => uid));
  const gone = Object.entries(known?.participants ?? {}).filter(
    ([, it]) => isIn(known, it) && it.at <= asOf && !listed.has(it.uid),
  );
  return Object.fromEntries(gone.map(([field, it]) => [field, { ...it, isIn: false, at: asOf }]));
}

function isIn(known: ChannelDocument | undefined, presence: Presence): boolean {
  return presence.isIn && (!known?.endedAt || presence.at >= known.endedAt);
}

/** Whether an event has told of them. */
function isTold(known: ChannelDocument | undefined, uid: string): boolean {
  const order = known?.participants[fieldOf(uid)]?.order;
  return order !== undefined && order > UNTOLD;
}

/** Whether somebody is taken to be there; also where it was told that the channel is there, and never of anybody. */
function isOpen(known: ChannelDocument): boolean {
  if (peopleIn(known).length > 0) return true;
  const everTold = Object.keys(known.participants).length > 0 || Boolean(known.endedAt);
  return Boolean(known.session) && !everTold;
}

function latest(a: Date, b: Date | null | undefined): Date {
  return b && b > a ? b : a;
}
