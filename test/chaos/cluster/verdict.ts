import { join } from 'node:path';
import type { RecordingFile } from '../../../operator/crd/status.ts';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { packetHashes } from '../../support/media/packets.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import { expectPlayable } from '../../support/media/plays.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { Fault, Outcome } from './faults/fault.ts';
import { mediaSeconds } from './media-duration.ts';
import { messageOf } from './message-of.ts';
import { judgePackets } from './packets-verdict.ts';
import { completenessComplaints, statusComplaints } from './status-verdict.ts';
import { filePrefix } from './subject.ts';
import type { Subject } from './subject.ts';
import type { ChaosWorld } from './world.ts';

export interface Verdict {
  readonly packetsLost: number;
  /** Within the bound for a node that is lost. */
  readonly packetsLostWithNode: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly complaints: readonly string[];
  /** How it ended. */
  readonly note: string;
}

/** Of one that could not be judged. */
export const NO_VERDICT: Verdict = { packetsLost: 0, packetsLostWithNode: 0, complaints: [], note: '' };

/** The oracle of one recording that has come to its end: object, packets and files agree. */
export async function judge(
  subject: Subject,
  fault: Fault,
  world: ChaosWorld,
  { isMissed }: { readonly isMissed: boolean },
): Promise<Verdict> {
  await using folder = await tempDirectory('chaos-verdict');
  const history = world.observer.of(subject.name);
  const { last, gone } = history;
  const complaints = [...history.complaints];
  // What has not come about can't be seen either.
  if (!isMissed) complaints.push(...(fault.complaints?.(subject, history) ?? []));
  // What tells of files is none, and is looked at by whoever verifies them.
  const stored = (await world.stored.list(filePrefix(subject))).filter(({ key }) => !key.endsWith('.json'));
  const outcome = fault.outcome ?? 'recorded';
  complaints.push(...outcomeComplaints(outcome, last?.status?.phase, gone));

  let seconds = 0;
  const files = new Map<string, PacketHashes>();
  for (const [index, { key }] of stored.entries()) {
    const file = join(folder.path, `${index}.mp4`);
    await world.stored.download(key, file);
    try {
      files.set(key, await packetHashes(file));
      seconds += await mediaSeconds(file);
      await expectPlayable(file, await debianFfmpegPath());
    } catch (error) {
      complaints.push(`${key}: ${messageOf(error)}`);
    }
  }
  if (!gone) complaints.push(...statusComplaints(last, { files: stored, seconds }));
  const notes: string[] = [];
  let packetsLost = 0;
  let packetsLostWithNode = 0;
  let accepted = 0;
  const parts = last?.status?.parts ?? [];
  for (const uid of world.evidence.podsThatRecorded(subject.name))
    if (!history.pods.has(uid))
      complaints.push(`the recorder of a pod that was never there has written: ${uid}`);
  for (const pod of history.pods.values()) {
    if (pod.salvages) continue;
    const journal = await world.evidence.journal(pod.uid);
    const found = judgePackets({
      journal: journal.packets,
      journalBytes: journal.bytes,
      file: files.get(pod.s3Key),
      nodeIsLost: fault.losesNode === true && parts.some(({ key }) => key === pod.s3Key),
    });
    packetsLost += found.lost;
    packetsLostWithNode += found.lostWithNode;
    accepted += journal.packets.video.length + journal.packets.audio.length;
    complaints.push(...found.complaints.map((complaint) => `${pod.name}: ${complaint}`));
    if (found.lostWithNode > 0) notes.push(`${found.lostWithNode} packets went with ${pod.name}'s node`);
  }
  if (!gone) complaints.push(...completenessComplaints(last, packetsLost + packetsLostWithNode));
  for (const { key } of stored)
    if (![...history.pods.values()].some(({ s3Key }) => s3Key === key))
      complaints.push(`${key} is in S3, and no recorder was to make it`);
  // An oracle that had nothing to look at has not judged anything.
  if (last?.status?.startedAt !== undefined && accepted === 0)
    complaints.push('it has received media, and no journal of it was found');
  // A push of those that are stopped when it happens may be made to end late, and the recorder does not wait for ever.
  if (fault.sparesRecorders && subject.phase !== 'Stopping' && accepted > 0)
    complaints.push(...(await unheard(subject, world, [...files.values()], folder.path)));
  return {
    packetsLost,
    packetsLostWithNode,
    complaints,
    note: [ending(last?.status, gone), ...notes].join('; '),
  };
}

function outcomeComplaints(outcome: Outcome, phase: string | undefined, gone: boolean): string[] {
  if (outcome === 'deleted') return gone ? [] : ['the object is still there'];
  if (gone) return ['the object is gone'];
  return phase === 'Completed' ? [] : [`it ended as ${phase}`];
}

/** Every connection that ended in order gave the recorder all that it sent: all of it is in one of the files. */
async function unheard(
  { name }: Subject,
  world: ChaosWorld,
  files: readonly PacketHashes[],
  folder: string,
): Promise<string[]> {
  const push = (await world.simulator.pushes()).find((push) => push.name === world.pushName(name));
  const complaints: string[] = [];
  const inOrder = (push?.attempts ?? []).filter(({ published, end }) => published && end === 'graceful');
  if (inOrder.length === 0)
    complaints.push('no connection of the push has ended in order: none can be compared');
  for (const { attempt } of inOrder) {
    const file = join(folder, `published-${attempt}.flv`);
    await world.simulator.published(push?.name ?? '', attempt, file);
    const sent = await packetHashes(file);
    const inOne = files.some((kept) => isWithin(sent.video, kept.video) && isWithin(sent.audio, kept.audio));
    if (!inOne) complaints.push(`connection ${attempt} of the push is not whole in any file`);
  }
  return complaints;
}

function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  if (part.length === 0) return true;
  for (let start = whole.indexOf(part[0] ?? ''); start >= 0; start = whole.indexOf(part[0] ?? '', start + 1))
    if (part.every((hash, index) => whole[start + index] === hash)) return true;
  return false;
}

function ending(
  status:
    | {
        phase?: string | undefined;
        reason?: string | undefined;
        files?: RecordingFile[] | undefined;
        attempt?: number | undefined;
      }
    | undefined,
  gone: boolean,
): string {
  if (gone) return 'deleted';
  const attempt = (status?.attempt ?? 1) > 1 ? `, attempt ${status?.attempt}` : '';
  const files = (status?.files?.length ?? 1) > 1 ? `, ${status?.files?.length} files` : '';
  return `${status?.phase} ${status?.reason}${attempt}${files}`;
}
