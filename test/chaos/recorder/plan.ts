import { S3_FAULTS } from '../../support/proxy/s3-proxy.ts';
import type { S3Fault } from '../../support/proxy/s3-proxy.ts';
import { STORES } from './stores.ts';
import type { StoreName } from './stores.ts';
import { between, pick, seededRandom } from './random.ts';

const KILLS = ['kill-recorder', 'kill-ffmpeg', 'double-sigterm'] as const;
/** The last one: it is cut off, and comes back from another address. */
const RTMP_FAULTS = ['rtmp-drop', 'rtmp-stall', 'rtmp-half-open', 'rtmp-move'] as const;
export type RtmpFault = (typeof RTMP_FAULTS)[number];
/** A kill just before a request to S3, whichever it is. */
const AT_REQUEST = 'kill-recorder-at-s3-request';

/** A publisher of these, and a kill while it publishes. */
const CODECS = ['codec-g711', 'codec-late-audio', 'codec-fourcc'] as const;
export type CodecFault = (typeof CODECS)[number];
/** Codec parameters that change forty times while S3 is away, and a kill before the last changes. */
const FORTY_TAKES = 'forty-takes';

export type Fault =
  | (typeof KILLS)[number]
  | RtmpFault
  | `s3-${S3Fault}`
  | 's3-long-down'
  | typeof AT_REQUEST
  | `store-${StoreName}`
  | CodecFault
  | typeof FORTY_TAKES;

/** What the recording has to be in the end; that no accepted packet is missing holds for all. */
export interface Expected {
  /**
   * What the manifest has to say of itself. `either`: a recorder was killed. Whether anything came in just then is a matter
   * of ms, and where it did, the recording is no more complete for all that anybody knows.
   */
  readonly complete: true | 'either';
  /** Of forty takes. */
  readonly atMost?: { readonly endedTakesAtOnce: number; readonly memoryBytes: number };
}

export const PHASES = ['waiting', 'recording', 'reconnecting', 'finishing', 'uploading'] as const;
export type Phase = (typeof PHASES)[number];

/** One run: what goes wrong, and when. */
export interface Plan {
  readonly seed: number;
  readonly fault: Fault;
  readonly phase: Phase;
  /** Ms from the phase's beginning to the fault. */
  readonly delayMs: number;
  /** Ms until what is no kill is over. */
  readonly lastsMs: number;
  /** Of the kills at a request to S3: before which, from 1. */
  readonly request: number;
  /** Whether the clip is one whose file takes several parts. */
  readonly large: boolean;
  readonly format: Format;
  /** How the store behaves all the time; undefined for one that is as it should be. */
  readonly store?: StoreName;
  readonly expected: Expected;
}

export type Format = 'mp4' | 'm3u8' | 'webm';

/** Which faults make sense in which phase: the network to S3 is used only once there is something to upload. */
const KINDS: readonly { readonly phase: Phase; readonly faults: readonly Fault[] }[] = [
  { phase: 'waiting', faults: ['kill-recorder', 'rtmp-drop'] },
  { phase: 'recording', faults: [...KILLS, ...RTMP_FAULTS, AT_REQUEST, ...s3Faults()] },
  { phase: 'reconnecting', faults: ['kill-recorder', 'kill-ffmpeg'] },
  { phase: 'finishing', faults: [...KILLS, AT_REQUEST, ...s3Faults(), 's3-long-down'] },
  { phase: 'uploading', faults: [...KILLS, AT_REQUEST, ...s3Faults()] },
  // A store is as it is all the time: the phase is that of the kill between two requests to it.
  { phase: 'recording', faults: [...STORES.map((name) => `store-${name}` as const), ...CODECS, FORTY_TAKES] },
  { phase: 'finishing', faults: STORES.map((name) => `store-${name}` as const) },
];

const CELLS = KINDS.flatMap(({ phase, faults }) => faults.map((fault) => ({ phase, fault })));

/** The run of this seed; `outageMs` is how long S3 is away where it is away for long. Seeds that follow one another go through all kinds of faults in all phases. */
export function planOf(seed: number, outageMs?: number): Plan {
  const random = seededRandom(seed);
  const { phase, fault } = CELLS[seed % CELLS.length] ?? pick(random, CELLS);
  const store = STORES.find((name) => fault === `store-${name}`);
  return {
    seed,
    fault,
    phase,
    delayMs: between(random, 0, phase === 'recording' ? 900 : 250),
    lastsMs:
      fault === 's3-long-down' ? (outageMs ?? between(random, 4000, 8000)) : between(random, 100, 1200),
    request: between(random, 1, 6),
    large: random() < 0.4,
    ...formatOf(random(), fault),
    ...(store === undefined ? {} : { store }),
    expected: expectedOf(fault),
  };
}

/** Encoding a large clip would take longer than all the rest. An FFmpeg is only there where there is something to encode. */
function formatOf(share: number, fault: Fault): { readonly format: Format; readonly large?: false } {
  // A playlist is never completed, and FFmpeg reads none whose pictures change their size.
  if (fault === 'store-moved') return { format: 'mp4' };
  if (fault === FORTY_TAKES) return { format: share < 0.5 ? 'mp4' : 'webm', large: false };
  const encodes = fault === 'kill-ffmpeg';
  if (share < 0.25 && !encodes) return { format: 'm3u8' };
  return share < 0.4 || encodes ? { format: 'webm', large: false } : { format: 'mp4' };
}

/** What has to become of a recording in which this goes wrong. */
export function expectedOf(fault: Fault): Expected {
  if (fault === FORTY_TAKES)
    return { complete: 'either', atMost: { endedTakesAtOnce: 2, memoryBytes: 224_000_000 } };
  const kills = fault === 'kill-recorder' || /^(kill-recorder-at|store|codec)-/.test(fault);
  return { complete: kills ? 'either' : true };
}

function s3Faults(): Fault[] {
  return S3_FAULTS.map((fault) => `s3-${fault}` as const);
}
