import { strictArray } from './amf.ts';

/** Codecs by their FourCC. */
export interface FourCcs {
  readonly video: readonly string[];
  readonly audio: readonly string[];
}

/** FourCcInfoMask: what comes is passed on. */
const CAN_FORWARD = 0x04;
/** CapsExMask: several tracks of a kind, and what says more about a frame. */
const MULTITRACK = 0x02;
const MOD_EX = 0x04;
const ANNOUNCEMENTS = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'];

/**
 * What the answer to `connect` says of enhanced RTMP ("Enhancing NetConnection connect Command"), by what the client said
 * in it: nothing to one that said nothing, and what it may send to one that did.
 */
export function enhancedCapabilities(
  connect: Readonly<Record<string, unknown>>,
  { video, audio }: FourCcs,
): Record<string, unknown> {
  if (!ANNOUNCEMENTS.some((name) => name in connect)) return {};
  return {
    fourCcList: strictArray([...video, ...audio]),
    videoFourCcInfoMap: forwarded(video),
    audioFourCcInfoMap: forwarded(audio),
    capsEx: MULTITRACK | MOD_EX,
  };
}

function forwarded(fourCcs: readonly string[]): Record<string, number> {
  return Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD]));
}
