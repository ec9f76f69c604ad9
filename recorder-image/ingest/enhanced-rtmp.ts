import { strictArray } from './amf.ts';

/** What is taken by enhanced RTMP, by FourCC. */
const VIDEO = ['avc1', 'hvc1', 'av01', 'vp09'];
const AUDIO = ['mp4a', 'Opus', 'ac-3', 'ec-3', 'fLaC', '.mp3'];
/** FourCcInfoMask: what comes is passed on as it is. */
const CAN_FORWARD = 0x04;
/** CapsExMask. */
const MULTITRACK = 0x02;
const ANNOUNCEMENTS = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'];

/**
 * What the answer to `connect` says of enhanced RTMP ("Enhancing NetConnection connect Command"), by what the client said
 * in it: nothing to one that said nothing, and its own properties in return to one that did.
 */
export function enhancedCapabilities(connect: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!ANNOUNCEMENTS.some((name) => name in connect)) return {};
  return {
    fourCcList: strictArray([...VIDEO, ...AUDIO]),
    videoFourCcInfoMap: forwarded(VIDEO),
    audioFourCcInfoMap: forwarded(AUDIO),
    capsEx: MULTITRACK,
  };
}

function forwarded(fourCcs: readonly string[]): Record<string, number> {
  return Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD]));
}
