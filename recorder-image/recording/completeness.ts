import type { Gap, IncompleteReason } from '../contract/completeness.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Stretch } from '../journal/silences.ts';
import type { Take } from '../journal/take.ts';
import { secondsIn } from '../manifest/compose.ts';
import { gapsOf } from './gaps.ts';
import type { WallStretch } from './gaps.ts';
import type { StoredFile } from './renditions/rendition.ts';

/** What is missing from a recording, and why. */
export interface Completeness {
  /** Every packet that was accepted is in the files. */
  readonly complete: boolean;
  readonly reason?: IncompleteReason;
  /** For people. */
  readonly message?: string;
  /** At least, and not by the publisher's doing. */
  readonly missingSeconds: number;
  readonly gaps: readonly Gap[];
}

export interface RecordedMedia {
  readonly takes: readonly Pick<Take, 'index' | 'accepted' | 'stored'>[];
  readonly files: readonly StoredFile[];
  /** Stretches of the timeline without media. */
  readonly silences: readonly Stretch[];
  /** In which recorders were gone that were receiving. */
  readonly losses: readonly WallStretch[];
  readonly leftOut: Manifest['leftOut'];
  /** Unix time in ms of the timeline's beginning. */
  readonly startedAt: number;
}

interface Finding {
  readonly reason: IncompleteReason;
  readonly message: string;
  /** Seconds that are in no gap. */
  readonly seconds: number;
}

/** Compares what was accepted with what the files were found to hold. */
export function completenessOf(media: RecordedMedia): Completeness {
  const refused = media.takes.flatMap((take) => refusedByDisk(take) ?? []);
  const gaps = gapsOf({ ...media, refused: refused.map(({ stretch }) => stretch) });
  // The worst first: it names the whole.
  const findings: Finding[] = [
    ...refused.map(({ message }) => ({ reason: 'MediaLost' as const, message, seconds: 0 })),
    ...lostWithRecorders(media.losses),
    ...media.files.flatMap((file) => differing(file, media.files)),
    ...storedAsJournal(media.files),
    ...media.leftOut.map(({ track, codec }) => ({
      reason: 'TrackLeftOut' as const,
      message: `${track} was left out: ${codec} fits into no file of this format`,
      seconds: 0,
    })),
  ].sort((a, b) => WORST_FIRST.indexOf(a.reason) - WORST_FIRST.indexOf(b.reason));
  const seconds = findings.reduce((sum, finding) => sum + finding.seconds, secondsIn(gaps));
  const missing = { missingSeconds: Math.round(seconds * 1000) / 1000, gaps };
  const [worst] = findings;
  if (worst === undefined) return { complete: true, ...missing };
  const message = findings.map((finding) => finding.message).join('; ');
  return { complete: false, reason: worst.reason, message, ...missing };
}

const WORST_FIRST: readonly IncompleteReason[] = ['MediaLost', 'NotMuxed', 'TrackLeftOut'];

/** What was accepted of a take after the disk had begun to refuse. */
function refusedByDisk({
  index,
  accepted,
  stored,
}: RecordedMedia['takes'][number]): { readonly message: string; readonly stretch: Stretch } | undefined {
  if (accepted === stored) return undefined;
  const count = (tracks: typeof accepted.tracks): number =>
    tracks.reduce((sum, { packets }) => sum + packets, 0);
  const end = (tracks: typeof accepted.tracks): number => Math.max(...tracks.map(({ lastMs }) => lastMs));
  const [all, kept] = [accepted.tracks, stored.tracks];
  const lost = count(all) - count(kept);
  if (lost <= 0) return undefined;
  const fromMs = kept.length > 0 ? end(kept) : Math.min(...all.map(({ firstMs }) => firstMs));
  return {
    message: `the disk did not take ${lost} packets of take ${index}`,
    stretch: { fromMs, toMs: Math.max(fromMs, end(all)) },
  };
}

function lostWithRecorders(losses: readonly WallStretch[]): Finding[] {
  if (losses.length === 0) return [];
  const times = losses.length === 1 ? 'once' : `${losses.length} times`;
  return [{ reason: 'MediaLost', message: `the recorder was lost ${times} while media came in`, seconds: 0 }];
}

/** A file that is not what the journal says. Its journal has all of it, where that is stored as well. */
function differing(file: StoredFile, files: readonly StoredFile[]): Finding[] {
  return file.contents.flatMap(({ takes, proof }): Finding[] => {
    if (proof.differences.length === 0) return [];
    const isKept = takes.every((take) =>
      files.some(
        (other) => other.format === 'flv' && other.contents.some((content) => content.takes.includes(take)),
      ),
    );
    const message = `${file.key} is not what was received: ${proof.differences.join(', ')}`;
    if (isKept) return [{ reason: 'NotMuxed', message, seconds: 0 }];
    return [{ reason: 'MediaLost', message, seconds: proof.differentSeconds.length }];
  });
}

function storedAsJournal(files: readonly StoredFile[]): Finding[] {
  const takesOf = (these: readonly StoredFile[]): number[] =>
    these.flatMap(({ contents }) => contents.flatMap((content) => content.takes));
  const inFiles = new Set(takesOf(files.filter(({ format }) => format !== 'flv')));
  const takes = takesOf(files.filter(({ format }) => format === 'flv')).filter((take) => !inFiles.has(take));
  if (takes.length === 0) return [];
  const name = takes.length === 1 ? 'Take' : 'Takes';
  const message = `${name} ${takes.join(', ')} could not be made into a file; stored as received, as FLV`;
  return [{ reason: 'NotMuxed', message, seconds: 0 }];
}
