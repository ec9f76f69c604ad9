import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { readdir } from 'node:fs/promises';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { comparePackets } from '../../support/media/packets.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import { expectPlayable } from '../../support/media/plays.ts';
import type { RecorderPlace } from '../../support/media/recorder-process.ts';
import type { S3Server } from '../../support/s3-server.ts';
import { waitFor } from '../../support/wait-for.ts';
import { processesOf } from './incarnations.ts';
import { falseClaims } from './manifest-claims.ts';
import type { Expected, Format } from './plan.ts';
import { audioSecondsOf, durationOf, filesOf, packetsOf } from './stored-files.ts';

/** What the run knows of what it has pushed. */
export interface Evidence {
  /** All that the journal held at the end. */
  readonly journal: PacketHashes;
  /** The media in it, in seconds. */
  readonly lastsSeconds: number;
  /** What it held when the recorder was killed, each time. */
  readonly atKills: readonly PacketHashes[];
  /** Clips that were pushed to their end with the recorder alive, after the last kill. */
  readonly pushed: readonly PacketHashes[];
  /** Of each audio packet, where no format keeps its codec. */
  readonly encodedAudioPacketSeconds?: number;
}

export interface Verdict {
  readonly packetsLost: number;
  /** Packets in the journal. */
  readonly acknowledged: number;
  readonly leftovers: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly complaints: readonly string[];
}

export interface Scene {
  readonly place: RecorderPlace;
  readonly folder: string;
  readonly s3: S3Server;
  readonly bucket: string;
  readonly format: Format;
  readonly expected: Expected;
}

/** How far the length of what is encoded may be from what was received, in seconds. */
const LENGTH_TOLERANCE = 0.5;

/**
 * The oracle: what was acknowledged as received against the file in S3, which plays from start to end, and against what
 * its manifest claims.
 */
export async function judge(scene: Scene, evidence: Evidence): Promise<Verdict> {
  const { place, s3, bucket } = scene;
  const complaints: string[] = [];
  let packetsLost = 0;
  const lose = (packets: number, what: string): void => {
    packetsLost += packets;
    if (packets > 0) complaints.push(`${packets} packets lost ${what}`);
  };
  const root = join(s3.directory, bucket);
  const files = await filesOf(root, place.s3Key);
  const { journal, atKills, pushed, encodedAudioPacketSeconds: perPacket } = evidence;
  let file: PacketHashes | undefined;
  if (scene.format === 'webm') {
    const lasts = await durationOf(files);
    // Its packets are other ones: what can be told is whether there are as many seconds of them.
    if (Math.abs(lasts - evidence.lastsSeconds) > LENGTH_TOLERANCE)
      complaints.push(`it lasts ${lasts} s, and what was received ${evidence.lastsSeconds} s`);
  } else {
    file = await packetsOf(files);
    const copied = perPacket === undefined ? journal : { ...journal, audio: file.audio };
    const inFile = comparePackets(copied, file);
    lose(inFile.video.missing + inFile.audio.missing, 'between journal and file');
    const extra = inFile.video.extra + inFile.audio.extra;
    if (extra > 0) complaints.push(`${extra} packets in the file that were never received`);
  }
  if (perPacket !== undefined) {
    const [received, stored] = [journal.audio.length * perPacket, await audioSecondsOf(files)];
    // Encoded, it has at least what was received: where there is a gap, it may be filled with silence.
    if (stored < received - LENGTH_TOLERANCE)
      complaints.push(`it has ${stored} s of sound, and ${received} s were received`);
  }
  const seen = { journal, file, lost: packetsLost };
  complaints.push(...(await falseClaims(root, { key: place.s3Key, expected: scene.expected, seen })));
  for (const kept of atKills) {
    lose(notPrefix(kept.video, journal.video) + notPrefix(kept.audio, journal.audio), 'by the restart');
  }
  for (const clip of pushed) {
    lose(notWithin(clip.video, journal.video) + notWithin(clip.audio, journal.audio), 'before the journal');
  }
  for (const path of files) {
    await expectPlayable(path, await debianFfmpegPath()).catch((error: unknown) =>
      complaints.push(String(error)),
    );
  }
  const left = await leftovers(scene);
  const acknowledged = journal.video.length + journal.audio.length;
  return { packetsLost, acknowledged, leftovers: left.length, complaints: [...complaints, ...left] };
}

function notPrefix(kept: readonly string[], journal: readonly string[]): number {
  return kept.filter((hash, index) => journal[index] !== hash).length;
}

/** How many packets of the clip are not in the journal, where one push of it stands in there without a gap. */
function notWithin(clip: readonly string[], journal: readonly string[]): number {
  let best = 0;
  for (let start = 0; start < journal.length; start += 1) {
    if (journal[start] !== clip[0]) continue;
    let same = 0;
    while (same < clip.length && journal[start + same] === clip[same]) same += 1;
    best = Math.max(best, same);
  }
  return clip.length - best;
}

async function leftovers({ place, folder, s3, bucket }: Scene): Promise<string[]> {
  const found: string[] = [];
  const spool = await readdir(place.spool);
  for (const name of spool) if (!name.endsWith('.json')) found.push(`${name} is left in the spool`);
  const client = s3.client();
  try {
    const { Uploads = [] } = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: place.s3Key }),
    );
    for (const { UploadId } of Uploads) found.push(`the multipart upload ${UploadId} is left open`);
  } finally {
    client.destroy();
  }
  // One that outlived its recorder is about to end: its input has.
  await waitFor(async () => (await processesOf(folder)).length === 0, {
    what: 'the processes to end',
    timeoutMs: 5000,
  }).catch((error: unknown) => found.push(String(error)));
  return found;
}
