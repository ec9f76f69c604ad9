import { describe, expect, it } from 'vitest';
import type { Completed } from './recorder-report.ts';
import type { MeetingRecordingStatus, RecordingPart } from '../crd/status.ts';
import type { RecorderState } from './recorder-state.ts';
import { collect } from './steps/collect.ts';
import { NOW, NOW_MS, liveStatus, passOf, recordingOf, worldOf } from './testing/build.ts';

const at = (seconds: number) => new Date(NOW_MS + seconds * 1000).toISOString();
const folder = { bucket: 'bucket', prefix: 'recordings/meeting-1/rec-0123456789ab/' };
const key = `${folder.prefix}recording.mp4`;
const file = {
  bucket: 'bucket',
  key,
  url: `s3://bucket/${key}`,
  sizeBytes: 42,
  format: 'mp4',
} as const;
const completed = (said: Partial<Completed> = {}): Completed => ({
  outcome: 'completed',
  reason: 'Stopped',
  ...file,
  durationSeconds: 100,
  startedAt: NOW,
  stoppedAt: at(100),
  ...said,
});
const stopping: MeetingRecordingStatus = { phase: 'Stopping', reason: 'MeetingEnded', startedAt: NOW };
/** Two hours were received, and ten minutes of them were saved. */
const part: RecordingPart = {
  attempt: 1,
  state: 'Salvaged',
  since: at(7260),
  key: file.key,
  receivedSeconds: 7200,
  lastMediaAt: at(7200),
  resumedAt: at(7230),
  durationSeconds: 600,
  files: [file],
};
const second: MeetingRecordingStatus = { ...stopping, attempt: 2, parts: [part], durationSeconds: 700 };

/** What is told of a recording at its end. */
async function ended(recorder: RecorderState | undefined, stored = stopping, live?: number) {
  const pass = {
    ...passOf(recordingOf({ status: { folder, ...stored } }), {
      ...(live !== undefined && { live: liveStatus({ startedAt: NOW, durationSeconds: live }) }),
    }),
    recorder,
  };
  await collect(pass, worldOf());
  const { missingSeconds, gaps, manifest, message, phase } = pass.status.value;
  const { status, reason, message: words } = pass.status.condition('Complete') ?? {};
  return { told: `${status} ${reason}`, words, missingSeconds, gaps, manifest, message, phase };
}

const result = (said: Partial<Completed> = {}): RecorderState => ({ is: 'ended', result: completed(said) });

describe('a recorder that ends with a result', () => {
  it('has everything in its files', async () => {
    expect(await ended(result({ complete: true, missingSeconds: 0 }))).toMatchObject({
      told: 'True EverythingStored',
      missingSeconds: 0,
      gaps: undefined,
    });
  });

  it.each(['MediaLost', 'TrackLeftOut', 'NotMuxed'] as const)(
    'says what is missing: %s, and what to do',
    async (incompleteReason) => {
      const incompleteMessage = '125 audio packets';
      const said = { complete: false, incompleteReason, incompleteMessage, missingSeconds: 2.5 };
      const { told, words, missingSeconds, message } = await ended(result(said));
      expect([told, missingSeconds]).toEqual([`False ${incompleteReason}`, 2.5]);
      expect(words).toMatch(/^125 audio packets\. \S+/);
      expect(message).toContain('125 audio packets.');
    },
  );

  it('of an older version does not say: that stays unknown', async () => {
    expect(await ended(result())).toMatchObject({
      told: 'Unknown NotReported',
      missingSeconds: undefined,
      phase: 'Completed',
    });
  });

  it('is not believed where more had been seen to arrive than it has', async () => {
    const said = { complete: true, missingSeconds: 0 };
    expect(await ended(result(said), stopping, 101)).toMatchObject({ told: 'True EverythingStored' });
    const less = await ended(result(said), stopping, 7200);
    expect(less).toMatchObject({ told: 'False MediaLost', missingSeconds: 7100 });
    expect(await ended(result(said), { ...stopping, durationSeconds: 7200 })).toMatchObject({
      told: 'False MediaLost',
    });
    // Between its takes nobody was there, and it says so.
    const away = [{ from: at(100), to: at(7200), reason: 'PublisherAway' as const }];
    expect(await ended(result({ ...said, gaps: away }), stopping, 7200)).toMatchObject({
      told: 'True EverythingStored',
      missingSeconds: 0,
      gaps: away,
    });
  });

  it('has its own gaps counted where they are ours, and the publisher’s not', async () => {
    const gaps = [
      { from: at(50), to: at(55), reason: 'RecorderLost' as const },
      { from: at(10), to: at(40), reason: 'PublisherAway' as const },
    ];
    expect(await ended(result({ complete: true, gaps }))).toMatchObject({
      told: 'True EverythingStored',
      missingSeconds: 5,
      gaps: gaps.toReversed(),
    });
  });

  it('may have more gaps than a status holds: the condition says so', async () => {
    const gaps = Array.from({ length: 20 }, (_, index) => ({
      from: at(index * 10),
      to: at(index * 10 + 5),
      reason: index === 19 ? ('DiskFull' as const) : ('PublisherAway' as const),
    }));
    const { gaps: listed, words, missingSeconds } = await ended(result({ complete: true, gaps }));
    expect(listed).toEqual([...gaps.slice(0, 15), gaps[19]]);
    expect(words).toContain('more gaps');
    expect(missingSeconds).toBe(5);
  });

  it('names its manifest, and one that lies elsewhere is not taken', async () => {
    const manifest = { key: `${folder.prefix}manifest.json`, checksum: 'CRC64NVME:AA==' };
    expect(await ended(result({ manifest }))).toMatchObject({ manifest: { bucket: 'bucket', ...manifest } });
    for (const key of ['m/other/manifest.json', 'manifest.json', `${folder.prefix}${'x'.repeat(2000)}`])
      expect((await ended(result({ manifest: { key } }))).manifest).toBeUndefined();
  });
});

describe('a recorder that was lost', () => {
  const whole = result({ complete: true, missingSeconds: 0, startedAt: at(7230) });

  it('with 110 of 120 minutes: they are missing, and so is the time until the next one', async () => {
    const { told, words, missingSeconds, gaps, message, phase } = await ended(whole, second);
    expect([phase, told, missingSeconds]).toEqual(['Completed', 'False MediaLost', 6630]);
    expect(gaps).toEqual([{ from: at(600), to: at(7230), reason: 'RecorderLost' }]);
    expect(words).toContain('Recorder 1 was lost: 1 h 50 min of the 2 h');
    expect(message).toContain('1 h 50 min');
  });

  it('also where the next one does not say whether it is whole', async () => {
    expect(await ended(result(), second)).toMatchObject({ told: 'False MediaLost', missingSeconds: 6630 });
  });

  it('and could not be saved: all of it is missing', async () => {
    const { files: _files, durationSeconds: _seconds, ...rest } = part;
    const lost = { ...second, durationSeconds: 100, parts: [{ ...rest, state: 'Lost' as const }] };
    const { told, words, missingSeconds, gaps } = await ended(whole, lost);
    expect([told, missingSeconds]).toEqual(['False MediaLost', 7230]);
    expect(gaps).toEqual([{ from: at(0), to: at(7230), reason: 'RecorderLost' }]);
    expect(words).toContain('nothing of the 2 h');
  });

  it('and was saved to the last packet: complete, but for the time in which nobody was there', async () => {
    const saved = { ...part, durationSeconds: 7200.4, report: { complete: true } };
    expect(await ended(whole, { ...second, parts: [saved] })).toMatchObject({
      told: 'True EverythingStored',
      missingSeconds: 30,
      gaps: [{ from: at(7200), to: at(7230), reason: 'RecorderLost' }],
    });
  });

  it('is not whole for all that its salvage says, where the seconds don’t add up', async () => {
    const saved = { ...part, report: { complete: true } };
    expect(await ended(whole, { ...second, parts: [saved] })).toMatchObject({
      told: 'False MediaLost',
      missingSeconds: 6630,
    });
  });

  it('is not known to be whole where its salvage does not say, nor to lack anything', async () => {
    const saved = { ...part, durationSeconds: 7200 };
    expect(await ended(whole, { ...second, parts: [saved] })).toMatchObject({
      told: 'Unknown NotReported',
      missingSeconds: 30,
    });
  });

  it('has what its salvage knows: the worse reason counts, and no second twice', async () => {
    const report = {
      complete: false,
      reason: 'TrackLeftOut' as const,
      message: 'video av99',
      missingSeconds: 60,
    };
    const { told, words, missingSeconds } = await ended(whole, { ...second, parts: [{ ...part, report }] });
    expect([told, missingSeconds]).toEqual(['False MediaLost', 6630]);
    expect(words).toContain('Recorder 1: video av99.');
  });

  it('before anything had come from it: nothing is missing', async () => {
    const { attempt, state, since, key } = { ...part, state: 'Lost' as const };
    const unheard = { ...stopping, attempt: 2, parts: [{ attempt, state, since, key }] };
    expect(await ended(result({ complete: true }), unheard)).toMatchObject({
      told: 'True EverythingStored',
      missingSeconds: 0,
      gaps: undefined,
    });
  });

  it('while it stopped: what it had received less what was saved', async () => {
    const { resumedAt: _resumed, ...alone } = part;
    const lost: RecorderState = { is: 'lost', how: 'gone', message: 'evicted' };
    expect(
      await ended(lost, { ...stopping, attempt: 1, parts: [alone], durationSeconds: 7200 }),
    ).toMatchObject({
      phase: 'Completed',
      told: 'False MediaLost',
      missingSeconds: 6600,
      gaps: [{ from: at(600), to: at(7200), reason: 'RecorderLost' }],
    });
  });

  it('never has a negative figure, whatever clocks and containers say', async () => {
    const odd = { ...part, durationSeconds: 9000, resumedAt: at(100), report: { complete: true } };
    expect(await ended(whole, { ...second, parts: [odd] })).toMatchObject({
      told: 'True EverythingStored',
      missingSeconds: 0,
      gaps: undefined,
    });
  });
});

describe('a recording without a file', () => {
  const failed: RecorderState = {
    is: 'ended',
    result: { outcome: 'failed', reason: 'UploadFailed', error: { code: 'x', message: 'S3 is gone' } },
  };

  it('of which media had come has lost it', async () => {
    const { told, missingSeconds, gaps, message, phase } = await ended(failed, {
      ...stopping,
      durationSeconds: 90,
    });
    expect([phase, told, missingSeconds]).toEqual(['Failed', 'False MediaLost', 90]);
    expect(gaps).toEqual([{ from: at(0), to: at(90), reason: 'RecorderLost' }]);
    expect(message).toBe('S3 is gone');
  });

  it('of which nothing had come lacks nothing', async () => {
    expect(await ended(undefined, { phase: 'Stopping', reason: 'StopRequested' })).toMatchObject({
      phase: 'Failed',
      told: 'True NothingAccepted',
      missingSeconds: 0,
    });
  });

  it('of its last recorder, but one of those before it: what the last had received is missing too', async () => {
    const both = { ...second, durationSeconds: 650 };
    expect(await ended(failed, both)).toMatchObject({
      phase: 'Completed',
      told: 'False MediaLost',
      missingSeconds: 6680,
    });
  });
});
