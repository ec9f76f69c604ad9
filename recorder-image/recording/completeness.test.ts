import { describe, expect, it } from 'vitest';
import { Ledger } from '../media/ledger.ts';
import type { Proof } from '../proof/proof.ts';
import { completenessOf } from './completeness.ts';
import type { RecordedMedia } from './completeness.ts';

const STARTED = Date.parse('2026-01-01T10:00:00.000Z');
const proof: Proof = { sizeBytes: 1, crc32: 1, tracks: [], differences: [], differentSeconds: [] };
const differing: Proof = { ...proof, differences: ['audio:0: other payloads'], differentSeconds: [3, 4] };
const file = {
  key: 'recording.mp4',
  sizeBytes: 1,
  format: 'mp4' as const,
  contents: [{ takes: [1], proof }],
};
const journal = { ...file, key: 'recording.flv', format: 'flv' as const };

function ledgerOf(packets: number): Ledger {
  const ledger = new Ledger();
  for (let index = 0; index < packets; index += 1) {
    const dtsMs = index * 100;
    const payload = Buffer.from([index]);
    ledger.add({ track: 'audio:0', codec: 'aac', dtsMs, ptsMs: dtsMs, isKeyFrame: true, payload });
  }
  return ledger;
}

const whole = ledgerOf(50);
const take = { index: 1, accepted: whole, stored: whole };
const media: RecordedMedia = {
  takes: [take],
  files: [file],
  silences: [],
  losses: [],
  leftOut: [],
  startedAt: STARTED,
};

describe('a recording', () => {
  it('is complete when its files have all that was accepted, though the publisher was away', () => {
    expect(completenessOf({ ...media, silences: [{ fromMs: 1000, toMs: 9000 }] })).toMatchObject({
      complete: true,
      missingSeconds: 0,
      gaps: [{ reason: 'PublisherAway' }],
    });
  });

  it('lacks what the disk has refused', () => {
    const stored = ledgerOf(20);
    expect(completenessOf({ ...media, takes: [{ ...take, stored }] })).toMatchObject({
      complete: false,
      reason: 'MediaLost',
      message: 'the disk did not take 30 packets of take 1',
      missingSeconds: 3,
      gaps: [{ reason: 'DiskFull' }],
    });
  });

  it('lacks what was lost with a recorder', () => {
    const losses = [{ from: STARTED, to: STARTED + 1500 }];
    expect(completenessOf({ ...media, losses })).toMatchObject({
      complete: false,
      reason: 'MediaLost',
      missingSeconds: 1.5,
    });
  });

  it('has all in its journal where a file differs, if that is stored too', () => {
    const files = [{ ...file, contents: [{ takes: [1], proof: differing }] }];
    const lost = completenessOf({ ...media, files });
    expect(lost).toMatchObject({ complete: false, reason: 'MediaLost', missingSeconds: 2 });
    expect(lost.message).toContain('recording.mp4 is not what was received: audio:0: other payloads');
    expect(completenessOf({ ...media, files: [...files, journal] })).toMatchObject({
      complete: false,
      reason: 'NotMuxed',
      missingSeconds: 0,
    });
  });

  it('is not muxed where there is only its journal', () => {
    expect(completenessOf({ ...media, files: [journal] })).toMatchObject({
      complete: false,
      reason: 'NotMuxed',
      message: 'Take 1 could not be made into a file; stored as received, as FLV',
    });
  });

  it('says the worst first', () => {
    const leftOut = [{ track: 'video:1', codec: 'vp6', why: 'no' }];
    const { reason, message } = completenessOf({
      ...media,
      files: [journal],
      leftOut,
      losses: [{ from: STARTED, to: STARTED + 1 }],
    });
    expect(reason).toBe('MediaLost');
    expect(message).toMatch(/recorder was lost.*could not be made.*video:1 was left out/);
    expect(completenessOf({ ...media, leftOut })).toMatchObject({ complete: false, reason: 'TrackLeftOut' });
  });
});
