import type { IncompleteReason } from '../../recorder-image/contract/completeness.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import type { ManifestRef } from '../crd/status.ts';
import { findingOfLast, findingOfPart } from './findings.ts';
import type { Finding } from './findings.ts';
import { listedGaps, mergeGaps } from './gaps.ts';
import type { Pass } from './pass.ts';
import { receivedMedia } from './received-media.ts';
import { reportOf } from './recorder-report.ts';

/** What to do about each, for people. The worst first: it names the whole. */
const ADVICE: Readonly<Record<IncompleteReason, string>> = {
  MediaLost:
    'status.gaps says when, as far as it is known, and status.parts what was saved of lost recorders.',
  NotMuxed:
    'The file is the journal itself, FLV: "ffmpeg -i FILE.flv -c copy FILE.mkv" makes one that players open.',
  TrackLeftOut: 'Have the publisher send a codec that the format can hold.',
};
const WORST_FIRST = Object.keys(ADVICE) as IncompleteReason[];
const MORE_GAPS = 'There are more gaps than status.gaps lists; the manifest has all.';

/** Where nothing is known to be missing. */
const WORDS = {
  EverythingStored: 'Every packet that a recorder accepted is in the files.',
  NothingAccepted: 'No recorder accepted any media.',
  NotReported: 'Nothing is known to be missing, and the recorder does not say whether anything is.',
} as const;

/**
 * Says at the end of a recording what is missing from it: of each recorder, what it had received is compared with what
 * is in files. Returns the words for people where something is missing.
 */
export function tellCompleteness(pass: Pass): string | undefined {
  const { status } = pass;
  const findings = findingsOf(pass);
  const gaps = mergeGaps(findings.flatMap((finding) => finding.gaps));
  const listed = listedGaps(gaps);
  if (listed.length > 0) status.value.gaps = listed;
  const manifest = manifestOf(pass);
  if (manifest !== undefined) status.value.manifest = manifest;
  const missing = findings.reduce((sum, { missingSeconds }) => sum + missingSeconds, 0);
  const words = [
    ...findings.flatMap((finding) => finding.words),
    ...(listed.length < gaps.length ? [MORE_GAPS] : []),
  ];
  const worst = worstOf(findings);
  const fine = fineBy(findings);
  // Nobody can tell, unless something is known all the same.
  if (worst !== undefined || fine !== 'NotReported' || missing > 0)
    status.value.missingSeconds = Math.round(missing * 1000) / 1000;
  if (worst === undefined) {
    const value = fine === 'NotReported' ? 'Unknown' : 'True';
    status.set('Complete', value, fine, [WORDS[fine], ...words].join(' '));
    return undefined;
  }
  const told = [...words, ADVICE[worst]].join(' ');
  status.set('Complete', 'False', worst, told);
  return told;
}

function findingsOf(pass: Pass): Finding[] {
  const { parts = [], attempt = 1 } = pass.status.value;
  const findings = parts.map(findingOfPart);
  // One that was lost for good is a part already.
  if (parts.some((part) => part.attempt === attempt)) return findings;
  return [...findings, findingOfLast(receivedMedia(pass), resultIn(pass))];
}

/** Who comes last writes the manifest of all. */
function manifestOf(pass: Pass): ManifestRef | undefined {
  const result = resultIn(pass);
  const ofLast = result?.outcome === 'completed' ? reportOf(result).manifest : undefined;
  return ofLast ?? pass.status.value.parts?.findLast(({ report }) => report?.manifest)?.report?.manifest;
}

function worstOf(findings: readonly Finding[]): IncompleteReason | undefined {
  return WORST_FIRST.find((reason) =>
    findings.some((finding) => finding.state === 'incomplete' && finding.reason === reason),
  );
}

function fineBy(findings: readonly Finding[]): keyof typeof WORDS {
  if (findings.some(({ state }) => state === 'untold')) return 'NotReported';
  return findings.some(({ state }) => state === 'complete') ? 'EverythingStored' : 'NothingAccepted';
}

function resultIn({ recorder }: Pass): RecorderResult | undefined {
  return recorder?.is === 'ended' || recorder?.is === 'retrying-upload' ? recorder.result : undefined;
}
