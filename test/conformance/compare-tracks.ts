import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { CODECS, fateOf } from '../../recorder-image/contract/codecs.ts';
import type { CodecName } from '../../recorder-image/contract/codecs.ts';
import type { Format } from '../../recorder-image/contract/formats.ts';
import type { CodedTrack } from '../support/media/coded-track.ts';
import { FPS, SECONDS } from './codec-world.ts';
import { endOf, recordedStreams } from '../support/media/recorded-streams.ts';
import type { RecordedStream } from '../support/media/recorded-streams.ts';
import { toneBeginnings } from './tone-edges.ts';

/** How far an encoded track may begin or end from where it was published, in ms. */
const ENCODED_TOLERANCE_MS = 120;
const FFMPEG_NAMES: Readonly<Partial<Record<CodecName, string>>> = { avc: 'h264' };

/** Compares a file with the tracks that were sent, one by one. Throws when any of them differs, or when there is another. */
export async function expectTracks(file: string, format: Format, sent: readonly CodedTrack[]): Promise<void> {
  const streams = await recordedStreams(file);
  expect(streams).toHaveLength(sent.length);
  for (const kind of ['video', 'audio'] as const) {
    const recorded = streams.filter(({ type }) => type === kind);
    const published = sent.filter(({ codec }) => CODECS[codec].kind === kind);
    for (const [index, track] of published.entries()) {
      const stream = recorded[index];
      if (stream === undefined) throw new Error(`the file has no ${kind} track ${index}`);
      if (fateOf(track.codec, format).is === 'copied') expectCopied(track, stream);
      else await expectEncoded({ file, track, stream, index });
    }
  }
}

/** Each packet as it was sent, at the time at which it was to be shown. */
function expectCopied({ codec, packets }: CodedTrack, stream: RecordedStream): void {
  expect(stream.codec).toBe(FFMPEG_NAMES[codec] ?? codec);
  expect(stream.packets.map(({ hash }) => hash)).toEqual(
    packets.map(({ payload }) => createHash('md5').update(payload).digest('hex')),
  );
  const late = stream.packets.map(({ ptsMs }, index) => ptsMs - (packets[index]?.ptsMs ?? Number.NaN));
  expect(late.filter((ms) => !(Math.abs(ms) <= 1))).toEqual([]);
}

/** As long as what was sent, and heard or seen at the same time. */
async function expectEncoded(options: {
  readonly file: string;
  readonly track: CodedTrack;
  readonly stream: RecordedStream;
  /** Among the tracks of its kind. */
  readonly index: number;
}): Promise<void> {
  const { file, track, stream, index } = options;
  const packetMs = SECONDS * 1000 - (track.packets.at(-1)?.dtsMs ?? 0);
  expect(Math.abs(endOf(stream) - SECONDS * 1000)).toBeLessThan(ENCODED_TOLERANCE_MS + packetMs);
  if (CODECS[track.codec].kind === 'video') {
    expect(Math.abs(stream.packets.length - SECONDS * FPS)).toBeLessThanOrEqual(2);
    return;
  }
  const beginnings = await toneBeginnings(file, index);
  expect(beginnings).toHaveLength(SECONDS);
  for (const [second, ms] of beginnings.entries()) {
    expect(Math.abs(ms - second * 1000)).toBeLessThan(ENCODED_TOLERANCE_MS);
  }
}
