import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../recorder-image/contract/manifest.ts';
import type { SigningKey } from '../../recorder-image/contract/signing-keys.ts';
import { signed } from '../../recorder-image/manifest/signature.ts';
import { prove } from '../../recorder-image/proof/proof.ts';
import { readerOf } from '../../recorder-image/proof/readers.ts';
import { Scanner } from '../../recorder-image/proof/scanner.ts';
import { madeFile, noise } from '../../recorder-image/proof/testing/made-file.ts';
import type { MadeFile } from '../../recorder-image/proof/testing/made-file.ts';
import { attemptManifest } from '../../recorder-image/recording/attempt-manifest.ts';
import type { Report } from '../../recorder-image/verify/report.ts';
import type { VerifySource } from '../../recorder-image/verify/source.ts';
import { UnreadableError } from '../../recorder-image/verify/source.ts';
import { verifyRecording } from '../../recorder-image/verify/verify-recording.ts';

const KEY: SigningKey = { id: 'installation', secret: Buffer.from('a secret of the installation') };
const OTHER_KEY: SigningKey = { id: 'installation', secret: Buffer.from('a secret of somebody else') };
const FOLDER = 'recordings/standup/rec-0123456789ab/';
const FILE = `${FOLDER}recording.mp4`;
const SECONDS = 30;
const MUTATIONS = 1000;
const forever = new AbortController().signal;

interface Recording {
  readonly bytes: Buffer;
  /** As text, as it lies in the folder. */
  readonly manifest: string;
}

function recordingOf({ bytes, expectation }: MadeFile, key: SigningKey): Recording {
  const scanner = new Scanner(readerOf('mp4', expectation.offsetOf()));
  scanner.write(bytes);
  const proof = prove(scanner.end(), expectation.tracks(), undefined);
  expect(proof.differences).toEqual([]);
  const manifest: Manifest = attemptManifest({
    config: {
      recordingId: 'rec',
      uid: '01234567-89ab-cdef-0123-456789abcdef',
      meetingId: 'standup',
      requestedBy: 'user-1',
      attempt: 1,
      node: 'node-1',
    },
    reason: 'Stopped',
    times: { durationMs: SECONDS * 1000, startedAt: 0, stoppedAt: SECONDS * 1000 },
    files: [{ key: FILE, sizeBytes: bytes.length, format: 'mp4', contents: [{ takes: [1], proof }] }],
    completeness: { complete: true, missingSeconds: 0, gaps: [] },
    leftOut: [],
    writtenAt: '2026-01-01T00:00:00.000Z',
  });
  return { bytes, manifest: JSON.stringify(signed(manifest, key)) };
}

async function verify({ bytes, manifest }: Recording): Promise<Report | 'unreadable'> {
  const source: VerifySource = {
    name: 'memory',
    manifest: () => Promise.resolve(manifest),
    read: (path, onBytes) => {
      if (path !== 'recording.mp4') return Promise.resolve(false);
      onBytes(bytes);
      return Promise.resolve(true);
    },
  };
  try {
    return await verifyRecording({ source, keys: [KEY], requireSignature: true }, forever);
  } catch (error) {
    if (error instanceof UnreadableError) return 'unreadable';
    throw error;
  }
}

/** Numbers from a seed, below 1. */
function randomOf(seed: number): () => number {
  let index = 0;
  return () => {
    const hash = createHash('sha256')
      .update(`${seed} ${(index += 1)}`)
      .digest();
    return hash.readUInt32BE(0) / 2 ** 32;
  };
}

function starts(bytes: Buffer, type: string): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(type); at >= 0; at = bytes.indexOf(type, at + 1)) found.push(at - 4);
  return found;
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

interface Mutated extends Recording {
  /** The second in which the media that was changed begins, where media was. */
  readonly second?: number;
}

type Mutation = (random: () => number) => Mutated;

/** What can happen to a recording between the recorder and the one who plays it. */
async function mutations(): Promise<Readonly<Record<string, Mutation>>> {
  const file = await madeFile({ seconds: SECONDS, earlierMs: 150 });
  const own = recordingOf(file, KEY);
  const { bytes } = own;
  const other = recordingOf(await madeFile({ seconds: SECONDS, earlierMs: 110 }), KEY);
  const forged = recordingOf(await madeFile({ seconds: SECONDS - 1 }), OTHER_KEY);
  const fragments = starts(bytes, 'moof');
  const index = starts(bytes, 'moov').at(-1) ?? 0;
  const ends = [...fragments.slice(1), index];
  const upTo = (random: () => number, limit: number): number => Math.floor(random() * limit);
  return {
    'a bit, anywhere': (random) => ({
      ...own,
      bytes: flipped(bytes, upTo(random, bytes.length), upTo(random, 8)),
    }),
    'a bit of a packet': (random) => {
      const packet = file.packets[upTo(random, file.packets.length)];
      if (packet === undefined) throw new Error('no packet');
      const at = bytes.indexOf(packet.payload) + upTo(random, packet.payload.length);
      return {
        ...own,
        bytes: flipped(bytes, at, upTo(random, 8)),
        second: Math.floor(packet.dtsMs / 1000),
      };
    },
    'a bit of the header or the index': (random) => {
      const at = upTo(random, (fragments[0] ?? 0) + bytes.length - index);
      const place = at < (fragments[0] ?? 0) ? at : at - (fragments[0] ?? 0) + index;
      return { ...own, bytes: flipped(bytes, place, upTo(random, 8)) };
    },
    'bytes cut out': (random) => {
      const at = upTo(random, bytes.length - 1);
      const length = 1 + upTo(random, Math.min(5000, bytes.length - at - 1));
      return { ...own, bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]) };
    },
    'bytes overwritten': (random) => {
      const at = upTo(random, bytes.length - 600);
      const copy = Buffer.from(bytes);
      noise(upTo(random, 1e9), 1 + upTo(random, 500)).copy(copy, at);
      return { ...own, bytes: copy };
    },
    'two fragments that have changed places': (random) => {
      const [a = 0, b = 1] = [upTo(random, fragments.length - 1), 0].map((value) => value);
      const second = a + 1 + upTo(random, fragments.length - 1 - a) || b;
      const part = (at: number): Buffer => bytes.subarray(fragments[at], ends[at]);
      return {
        ...own,
        bytes: Buffer.concat([
          bytes.subarray(0, fragments[a]),
          part(second),
          bytes.subarray(ends[a], fragments[second]),
          part(a),
          bytes.subarray(ends[second]),
        ]),
        // A fragment of this file is a second.
        second: a,
      };
    },
    'the end is missing': (random) => ({
      ...own,
      bytes: bytes.subarray(0, upTo(random, bytes.length)),
    }),
    'another file': (random) => ({
      ...own,
      bytes: random() < 0.5 ? other.bytes : noise(upTo(random, 1e9), 1000 + upTo(random, 5000)),
    }),
    'another file, and a manifest for it': () => forged,
    'a bit of the manifest': (random) => {
      const text = Buffer.from(own.manifest);
      return {
        ...own,
        manifest: flipped(text, upTo(random, text.length), upTo(random, 7)).toString('latin1'),
      };
    },
  };
}

describe('verify', () => {
  it(`finds each of ${MUTATIONS} mutations, and the second in which media differs`, async () => {
    const kinds = Object.entries(await mutations());
    const counts = new Map<string, Count>();
    const missed: string[] = [];
    for (let seed = 0; seed < MUTATIONS; seed += 1) {
      const [kind, mutate] = kinds[seed % kinds.length] ?? [];
      if (kind === undefined || mutate === undefined) throw new Error('no kind');
      const mutated = mutate(randomOf(seed));
      const report = await verify(mutated);
      const found = report === 'unreadable' || !report.ok;
      const first = report === 'unreadable' ? undefined : firstSecond(report);
      const count = counts.get(kind) ?? { tried: 0, found: 0, seconds: 0, rightSecond: 0 };
      count.tried += 1;
      if (found) count.found += 1;
      if (mutated.second !== undefined) {
        count.seconds += 1;
        if (first === mutated.second) count.rightSecond += 1;
        else missed.push(`${kind}, seed ${seed}: second ${mutated.second}, and ${first} is told`);
      }
      if (!found) missed.push(`${kind}, seed ${seed}`);
      counts.set(kind, count);
    }
    process.stdout.write(render(counts));
    expect(missed).toEqual([]);
    expect([...counts.values()].reduce((sum, { found }) => sum + found, 0)).toBe(MUTATIONS);
  });

  it('has nothing to say of a recording that nothing has happened to', async () => {
    const report = await verify(recordingOf(await madeFile({ seconds: SECONDS, earlierMs: 150 }), KEY));
    expect(report).toMatchObject({ ok: true, problems: [], signature: 'valid' });
  });
});

interface Count {
  tried: number;
  found: number;
  /** Of how many it is known in which second media was changed, and of how many that was told. */
  seconds: number;
  rightSecond: number;
}

function render(counts: ReadonlyMap<string, Count>): string {
  const lines = [...counts].map(([kind, { tried, found, seconds, rightSecond }]) => {
    const places = seconds === 0 ? '' : `, and the second of ${rightSecond} of ${seconds}`;
    return `${kind}: ${found} of ${tried} found${places}`;
  });
  return `${lines.join('\n')}\n`;
}

function firstSecond({ problems }: Report): number | undefined {
  const seconds = problems.flatMap(({ second }) => second ?? []);
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}
