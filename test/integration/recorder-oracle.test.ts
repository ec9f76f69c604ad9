import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CellWorld } from '../chaos/recorder/cell-world.ts';
import { falseClaims } from '../chaos/recorder/manifest-claims.ts';
import { expectedOf, planOf } from '../chaos/recorder/plan.ts';
import { runCell } from '../chaos/recorder/run-cell.ts';
import { packetsOf } from '../chaos/recorder/stored-files.ts';
import { openChaosWorld } from '../chaos/recorder/world.ts';
import type { Manifest } from '../../recorder-image/contract/manifest.ts';
import type { PacketHashes } from '../support/media/packets.ts';

const resources = new AsyncDisposableStack();
const expected = expectedOf('rtmp-drop');
let world: CellWorld;
let root: string;
let key: string;
let packets: PacketHashes;

beforeAll(async () => {
  world = resources.use(await openChaosWorld());
  const plan = { ...planOf(0), fault: 'rtmp-drop', large: false, format: 'mp4', expected } as const;
  expect(await runCell(plan, world)).toMatchObject({ ok: true, note: '' });
  root = join(world.s3.directory, world.bucket);
  key = (await readdir(root, { recursive: true })).find((name) => name.endsWith('.mp4')) ?? '';
  packets = await packetsOf([join(root, key)]);
}, 900_000);

afterAll(() => resources.disposeAsync());

const seen = () => ({ journal: packets, file: packets, lost: 0 });

/** What is wrong with the recording while its manifest says something else. */
async function claimsOf(change: (manifest: Manifest) => object): Promise<string[]> {
  const path = join(root, key.replace('.mp4', '.manifest.json'));
  const honest = await readFile(path, 'utf8');
  await writeFile(path, JSON.stringify({ ...JSON.parse(honest), ...change(JSON.parse(honest) as Manifest) }));
  try {
    return await falseClaims(root, { key, expected, seen: seen() });
  } finally {
    await writeFile(path, honest);
  }
}

describe('what chaos judges recordings by', () => {
  it('has nothing against one that is as its manifest says', async () => {
    expect(packets.video.length).toBeGreaterThan(0);
    expect(await claimsOf(() => ({}))).toEqual([]);
  });

  it('sees one that claims to be complete and is not', async () => {
    const claims = await falseClaims(root, { key, expected, seen: { ...seen(), lost: 3 } });
    expect(claims).toEqual(['it claims to be complete, and lacks 3 packets']);
  });

  it('sees one that claims to be incomplete and lacks nothing', async () => {
    const claims = await claimsOf(() => ({ complete: false, incompleteReason: 'MediaLost' }));
    expect(claims).toContain('it claims to be incomplete (MediaLost), and lacks nothing');
  });

  it('sees other numbers of packets than there are', async () => {
    const claims = await claimsOf(({ files }) => ({
      files: files.map((file) => ({
        ...file,
        tracks: file.tracks.map((track) => ({ ...track, packets: track.packets + 1 })),
      })),
    }));
    expect(claims.filter((claim) => /^it claims [0-9]+ packets of (audio|video)/.test(claim))).toHaveLength(
      2,
    );
  });

  it('sees packets of the journal that are not counted', async () => {
    const journal = { ...packets, audio: [...packets.audio, 'another'] };
    const claims = await falseClaims(root, { key, expected, seen: { ...seen(), journal } });
    expect(claims).toHaveLength(1);
    expect(claims[0]).toMatch(/packets of audio were accepted, and the journal had/);
  });

  it('sees one byte of the file that is another', async () => {
    const path = join(root, key);
    const bytes = await readFile(path);
    const middle = Math.floor(bytes.length / 2);
    const changed = Buffer.from(bytes);
    changed[middle] = (changed[middle] ?? 0) ^ 1;
    await writeFile(path, changed);
    try {
      const claims = await claimsOf(() => ({}));
      expect(claims.length).toBeGreaterThan(0);
      expect(claims[0]).toMatch(/^verify: /);
    } finally {
      await writeFile(path, bytes);
    }
  });
});
