import type { Comparison, PacketHashes } from '../../support/media/packets.ts';
import { comparePackets } from '../../support/media/packets.ts';

/** What may be lost with a node: what was not in a full part, 8 MiB, and what FFmpeg and S3 had in their hands. */
export const NODE_LOSS_BYTES = 10 * 1024 * 1024;

export interface PacketVerdict {
  /** Packets that were accepted and are in no file, though they should be. */
  readonly lost: number;
  readonly complaints: readonly string[];
  /** Packets that were accepted and went with their node, within the bound. */
  readonly lostWithNode: number;
}

export interface Take {
  /** All that the recorder has accepted. */
  readonly journal: PacketHashes;
  readonly journalBytes: number;
  /** What its file holds; undefined where there is none. */
  readonly file: PacketHashes | undefined;
  /** The recorder was lost with its node, for good: only then may anything be missing. */
  readonly nodeIsLost: boolean;
}

/** Compares what one recorder has accepted with what is in its file. */
export function judgePackets({ journal, journalBytes, file, nodeIsLost }: Take): PacketVerdict {
  const accepted = journal.video.length + journal.audio.length;
  if (accepted === 0) return { lost: 0, complaints: [], lostWithNode: 0 };
  if (file === undefined) {
    if (nodeIsLost && journalBytes <= NODE_LOSS_BYTES)
      return { lost: 0, complaints: [], lostWithNode: accepted };
    const complaint = `${accepted} packets were accepted, and there is no file`;
    return { lost: accepted, complaints: [complaint], lostWithNode: 0 };
  }
  const { video, audio } = comparePackets(journal, file);
  const extra = video.extra + audio.extra;
  const complaints = extra > 0 ? [`${extra} packets in the file that were never accepted`] : [];
  const missing = video.missing + audio.missing;
  if (missing === 0) return { lost: 0, complaints, lostWithNode: 0 };
  if (nodeIsLost && isStart(video) && isStart(audio)) {
    const bytes = (journalBytes * missing) / accepted;
    if (bytes <= NODE_LOSS_BYTES) return { lost: 0, complaints, lostWithNode: missing };
  }
  return {
    lost: missing,
    complaints: [...complaints, `${missing} of ${accepted} packets lost`],
    lostWithNode: 0,
  };
}

/** Nothing is missing but the end. */
function isStart({ missing, recorded, firstMissing }: Comparison['video']): boolean {
  return missing === 0 || firstMissing === recorded;
}
