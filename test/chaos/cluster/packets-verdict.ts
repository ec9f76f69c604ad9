import type { Comparison, PacketHashes } from '../../support/media/packets.ts';
import { comparePackets } from '../../support/media/packets.ts';

/** What may be lost with a node: what was not in a full part, 8 MiB, and what FFmpeg and S3 had in their hands. */
export const NODE_LOSS_BYTES = 10 * 1024 * 1024;

export interface PacketVerdict {
  /** Packets that were accepted and are in no file, though they should be. */
  readonly lost: number;
  readonly complaints: readonly string[];
  /** For people: what was lost within the bound. */
  readonly note: string;
}

export interface Take {
  /** All that the recorder has accepted. */
  readonly journal: PacketHashes;
  readonly journalBytes: number;
  /** What its file holds; undefined where there is none. */
  readonly file: PacketHashes | undefined;
  /** The recorder was lost with its node or its pod. */
  readonly isLost: boolean;
}

/** Compares what one recorder has accepted with what is in its file. */
export function judgePackets({ journal, journalBytes, file, isLost }: Take): PacketVerdict {
  const accepted = journal.video.length + journal.audio.length;
  if (accepted === 0) return { lost: 0, complaints: [], note: '' };
  if (file === undefined) {
    const within = isLost && journalBytes <= NODE_LOSS_BYTES;
    if (within) return { lost: 0, complaints: [], note: `${accepted} packets were not in S3 yet` };
    return {
      lost: accepted,
      complaints: [`${accepted} packets were accepted, and there is no file`],
      note: '',
    };
  }
  const { video, audio } = comparePackets(journal, file);
  const extra = video.extra + audio.extra;
  const complaints = extra > 0 ? [`${extra} packets in the file that were never accepted`] : [];
  const missing = video.missing + audio.missing;
  if (missing === 0) return { lost: 0, complaints, note: '' };
  if (isLost && isStart(video) && isStart(audio)) {
    const bytes = (journalBytes * missing) / accepted;
    if (bytes <= NODE_LOSS_BYTES)
      return { lost: 0, complaints, note: `${missing} of ${accepted} packets were not in S3 yet` };
  }
  return { lost: missing, complaints: [...complaints, `${missing} of ${accepted} packets lost`], note: '' };
}

/** Nothing is missing but the end. */
function isStart({ missing, recorded, firstMissing }: Comparison['video']): boolean {
  return missing === 0 || firstMissing === recorded;
}
