import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import type { Format } from '../contract/formats.ts';
import { openJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import type { Take } from './take.ts';
import { AAC_CONFIG, audioFrame, AVC_CONFIG, OTHER_AVC_CONFIG, videoFrame } from './testing/tags.ts';
import { trackAudioConfig, trackAudioFrame } from './testing/tags.ts';

interface Opened extends AsyncDisposable {
  readonly journal: Journal;
  readonly takes: Take[];
  readonly path: string;
}

async function open(path?: string, format: Format = 'mp4'): Promise<Opened> {
  const folder = path === undefined ? await tempDirectory('journal') : undefined;
  const takes: Take[] = [];
  const journal = await openJournal({
    format,
    directory: path ?? folder?.path ?? '',
    maxDurationMs: () => 1_000_000,
    now: () => 0,
    onTake: (take) => takes.push(take),
    onError: (error) => {
      throw error;
    },
  });
  return {
    journal,
    takes,
    path: path ?? folder?.path ?? '',
    [Symbol.asyncDispose]: async () => folder?.[Symbol.asyncDispose](),
  };
}

/** A-law at 8 kHz, mono. */
const ALAW = Buffer.from([0x72, 1, 2, 3]);
const ALAW_STEREO = Buffer.from([0x73, 1, 2, 3]);
const VP6 = Buffer.from([0x14, 0, 1, 2]);
const UNKNOWN_AUDIO = Buffer.from([0x91, 0x78, 0x78, 0x78, 0x78, 1]);

function codecsOf(take: Take | undefined): string[] {
  return (take?.configs ?? []).map(({ track, codec }) => `${track} ${codec}`).toSorted();
}

describe('the tracks of a take', () => {
  it('are known by their ids, and again to a recorder that starts again', async () => {
    await using one = await open();
    const { accept } = one.journal.entrance();
    for (const id of [0, 1]) accept('audio', 0, trackAudioConfig(id));
    accept('video', 0, AVC_CONFIG);
    accept('video', 0, videoFrame(1));
    for (const id of [0, 1]) accept('audio', 10, trackAudioFrame(id, 5));
    await one.journal.close();
    const expected = ['audio:0 aac', 'audio:1 aac', 'video:0 avc'];
    expect(one.takes.map(codecsOf)).toEqual([expected]);
    expect([...(one.takes[0]?.tracks ?? [])].toSorted()).toEqual(['audio:0', 'audio:1', 'video:0']);

    await using again = await open(one.path);
    await again.journal.close();
    expect(again.takes.map(codecsOf)).toEqual([expected]);
  });

  it('are waited for a little when there are both audio and video already', async () => {
    for (const { late, takes } of [
      { late: 600, takes: [['audio:0 aac', 'audio:1 aac', 'video:0 avc']] },
      {
        late: 1400,
        takes: [
          ['audio:0 aac', 'video:0 avc'],
          ['audio:0 aac', 'audio:1 aac', 'video:0 avc'],
        ],
      },
    ]) {
      await using opened = await open();
      const { accept } = opened.journal.entrance();
      accept('video', 0, AVC_CONFIG);
      accept('audio', 0, AAC_CONFIG);
      for (let time = 0; time < late; time += 100) {
        accept('video', time, videoFrame(1));
        accept('audio', time, audioFrame(1));
      }
      accept('audio', late, trackAudioConfig(1));
      accept('audio', late, trackAudioFrame(1, 5));
      await opened.journal.close();
      expect(opened.takes.map(codecsOf)).toEqual(takes);
    }
  });

  it('are the same for a codec that announces itself with each packet, until it says something else', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    for (const time of [0, 20, 40]) accept('audio', time, ALAW);
    for (const time of [60, 80]) accept('audio', time, ALAW_STEREO);
    await opened.journal.close();
    expect(opened.takes.map(codecsOf)).toEqual([['audio:0 pcma'], ['audio:0 pcma']]);
    expect(opened.takes.map(({ configs }) => configs[0]?.record.toString('hex'))).toEqual(['72', '73']);
  });

  it('change with the codec, there and back, without another take for each packet', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    accept('audio', 0, AAC_CONFIG);
    for (const time of [0, 20]) accept('audio', time, audioFrame(1));
    for (const time of [40, 60]) accept('audio', time, ALAW);
    accept('audio', 80, AAC_CONFIG);
    for (const time of [80, 100]) accept('audio', time, audioFrame(1));
    await opened.journal.close();
    expect(opened.takes.map(codecsOf)).toEqual([['audio:0 aac'], ['audio:0 pcma'], ['audio:0 aac']]);
  });

  it('are none where media comes without the parameters that it needs, and another take begins when they come', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    for (let time = 0; time <= 5000; time += 500) accept('video', time, videoFrame(1));
    accept('video', 5500, AVC_CONFIG);
    accept('video', 5500, videoFrame(1));
    await opened.journal.close();
    expect(opened.takes.map(codecsOf)).toEqual([[], ['video:0 avc']]);
    expect([...(opened.takes[0]?.tracks ?? [])]).toEqual(['video:0']);
  });

  it('are those of the last announcement, where one message had announced several', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    const both = Buffer.from([
      0x95,
      0x10,
      ...Buffer.from('mp4a'),
      0,
      0,
      0,
      2,
      0x11,
      0x90,
      1,
      0,
      0,
      2,
      0x11,
      0x90,
    ]);
    accept('audio', 0, both);
    accept('audio', 0, Buffer.from([0x95, 0x00, ...Buffer.from('mp4a'), 1, 0x12, 0x08]));
    accept('video', 0, OTHER_AVC_CONFIG);
    accept('video', 0, videoFrame(1));
    accept('audio', 0, trackAudioFrame(1, 5));
    await opened.journal.close();
    expect(opened.takes).toHaveLength(1);
    const records = opened.takes[0]?.configs.map(({ track, record }) => `${track} ${record.toString('hex')}`);
    expect(records).toContain('audio:0 1190');
    expect(records).toContain('audio:1 1208');
  });
});

describe('a codec that the file can not hold', () => {
  it('is refused once, by name, and costs no other track', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    accept('audio', 0, AAC_CONFIG);
    const first = accept('video', 0, VP6);
    expect(first.outcome).toBe('ignored');
    expect(first.refusal).toMatchObject({ track: 'video:0', codec: 'vp6', fatal: false });
    expect(first.refusal?.why).toMatch(/^VP6 can't be recorded as mp4\. Send H\.264, HEVC, /);
    for (let time = 0; time < 20_000; time += 100) {
      expect(accept('audio', time, audioFrame(1))).toEqual({ outcome: 'kept', refusal: undefined });
      expect(accept('video', time, VP6)).toEqual({ outcome: 'ignored', refusal: undefined });
    }
    await opened.journal.close();
    expect(opened.takes.map(codecsOf)).toEqual([['audio:0 aac']]);
  });

  it('is refused for good when nothing else has come for as long as a take waits for its tracks', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    const start = 2 ** 32 - 1000;
    const answers = Array.from({ length: 80 }, (_, index) =>
      accept('video', (start + index * 100) % 2 ** 32, VP6),
    );
    const refused = answers.flatMap(({ refusal }, index) =>
      refusal === undefined ? [] : [{ index, fatal: refusal.fatal }],
    );
    expect(refused).toEqual([
      { index: 0, fatal: false },
      { index: 50, fatal: true },
    ]);
    await opened.journal.close();
    expect(opened.takes).toEqual([]);
  });

  it('is refused where nobody knows it, under the name that it came with', async () => {
    await using opened = await open();
    const { refusal } = opened.journal.entrance().accept('audio', 0, UNKNOWN_AUDIO);
    expect(refusal).toMatchObject({ track: 'audio:0', codec: 'xxxx', fatal: false });
    expect(refusal?.why).toContain("xxxx can't be recorded as mp4");
    await opened.journal.close();
  });

  it('stays in a message that has something else for the file too, and is no track of the take', async () => {
    await using opened = await open();
    const { accept } = opened.journal.entrance();
    const opus = Buffer.from([...Buffer.from('xxxx'), 1, 0, 0, 1, 9]);
    const ac3 = Buffer.from([...Buffer.from('ac-3'), 0, 0, 0, 1, 7]);
    const { outcome, refusal } = accept('audio', 0, Buffer.from([0x95, 0x21, ...ac3, ...opus]));
    expect(outcome).toBe('kept');
    expect(refusal).toMatchObject({ track: 'audio:1', codec: 'xxxx' });
    await opened.journal.close();
    expect(opened.takes.map(codecsOf)).toEqual([['audio:0 ac3']]);
  });

  it('depends on what is made', async () => {
    const vp8 = Buffer.from([0x90, ...Buffer.from('vp08'), 0, 10, 0x82, 2, 2, 2, 0, 0]);
    for (const { format, refused } of [
      { format: 'mp4', refused: false },
      { format: 'm3u8', refused: true },
      { format: 'webm', refused: false },
    ] as const) {
      await using opened = await open(undefined, format);
      expect(opened.journal.entrance().accept('video', 0, vp8).refusal !== undefined).toBe(refused);
      await opened.journal.close();
    }
  });
});
