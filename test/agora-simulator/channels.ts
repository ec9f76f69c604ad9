import { EventEmitter } from 'node:events';

/** Somebody in a meeting, as the picture shows and the sound tells. */
export interface Participant {
  uid: number;
  name: string;
  /** Place in the channel, from 0, kept while inside; colour and tone follow from it. */
  slot: number;
}

/** One sine tone a slot, in Hz: none is a harmonic of another. */
const TONES_HZ = [440, 650, 890, 1170, 1510, 1930, 2390, 2890, 3470];

/** How many can be seen and heard at once; others are in the channel, but not in the picture. */
export const MOST_SLOTS = TONES_HZ.length;

export function toneHz(slot: number): number {
  return TONES_HZ[slot % TONES_HZ.length] ?? 0;
}

interface ChannelEvents {
  created: [channel: string];
  destroyed: [channel: string, lastUid: number];
  joined: [channel: string, participant: Participant];
  left: [channel: string, participant: Participant];
  changed: [channel: string];
}

/** Who is in which channel. A channel is there while somebody is in it. */
export class Channels extends EventEmitter<ChannelEvents> {
  readonly #channels = new Map<string, Participant[]>();
  readonly #everMade = new Set<string>();
  readonly #auto: boolean;

  constructor(options: { auto: boolean }) {
    super();
    this.#auto = options.auto;
  }

  names(): string[] {
    return [...this.#channels.keys()];
  }

  participants(channel: string): readonly Participant[] {
    return this.#channels.get(channel) ?? [];
  }

  /** Where nobody has said who is in a channel, two people are. */
  expect(channel: string): void {
    if (!this.#auto || this.#everMade.has(channel)) return;
    this.join(channel, 1, 'Ada');
    this.join(channel, 2, 'Grace');
  }

  /** Makes exactly these people the channel's: others leave, new ones join. */
  set(channel: string, people: readonly { uid: number; name: string }[]): void {
    this.#everMade.add(channel);
    for (const { uid } of this.participants(channel)) {
      if (!people.some((person) => person.uid === uid)) this.leave(channel, uid);
    }
    for (const { uid, name } of people) this.join(channel, uid, name);
  }

  join(channel: string, uid: number, name: string): void {
    this.#everMade.add(channel);
    const inside = this.#channels.get(channel) ?? [];
    if (inside.some((participant) => participant.uid === uid)) return;
    const isNew = inside.length === 0;
    const participant = { uid, name, slot: freeSlot(inside) };
    this.#channels.set(channel, [...inside, participant]);
    if (isNew) this.emit('created', channel);
    this.emit('joined', channel, participant);
    this.emit('changed', channel);
  }

  leave(channel: string, uid: number): void {
    const inside = this.participants(channel);
    const participant = inside.find((it) => it.uid === uid);
    if (participant === undefined) return;
    const rest = inside.filter((it) => it !== participant);
    if (rest.length === 0) this.#channels.delete(channel);
    else this.#channels.set(channel, rest);
    this.emit('left', channel, participant);
    if (rest.length === 0) this.emit('destroyed', channel, uid);
    this.emit('changed', channel);
  }
}

function freeSlot(inside: readonly Participant[]): number {
  const taken = new Set(inside.map((participant) => participant.slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}
