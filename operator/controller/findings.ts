import { INCOMPLETE } from '../../recorder-image/contract/completeness.ts';
import type { Gap, IncompleteReason } from '../../recorder-image/contract/completeness.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import type { RecorderReport, RecordingPart } from '../crd/status.ts';
import { gapBetween, isOurs, secondsOf } from './gaps.ts';
import type { ReceivedMedia } from './received-media.ts';
import { reportOf } from './recorder-report.ts';
import { secondsInWords } from './seconds-in-words.ts';

/** What one recorder accepted, compared with what is in files. */
export interface Finding {
  /** `untold`: nothing is known to be missing, and the recorder did not say that nothing is. `none`: nothing came. */
  readonly state: 'complete' | 'incomplete' | 'untold' | 'none';
  /** Where it is incomplete. */
  readonly reason?: IncompleteReason;
  /** Sentences for people. */
  readonly words: readonly string[];
  /** By the installation's fault. */
  readonly missingSeconds: number;
  readonly gaps: readonly Gap[];
}

/** How much a recorder's count of its seconds and those of its files may differ where nothing is missing. */
const SLACK_SECONDS = 1;
const NONE: Finding = { state: 'none', words: [], missingSeconds: 0, gaps: [] };

/** Of a recorder that was lost: what it had received by the time, less what was saved. */
export function findingOfPart(part: RecordingPart): Finding {
  const { attempt, state, receivedSeconds: received, durationSeconds, report = {} } = part;
  const isSaved = state === 'Salvaged';
  if (received === undefined && !isSaved) return NONE;
  const all = received ?? 0;
  const lacking = isSaved ? shortfall(all, durationSeconds, report) : all;
  const lastMs = Date.parse(part.lastMediaAt ?? '');
  const resumedMs = Date.parse(part.resumedAt ?? '');
  const pauseSeconds = Math.max(0, (resumedMs - lastMs) / 1000) || 0;
  const words = isSaved
    ? lacking > 0
      ? [
          `Recorder ${attempt} was lost: ${secondsInWords(lacking)} of the ${secondsInWords(all)} that it had received are in no file.`,
        ]
      : []
    : [
        `Recorder ${attempt} was lost, and nothing of the ${secondsInWords(all)} that it had received could be saved.`,
      ];
  if (pauseSeconds > 0)
    words.push(
      `${secondsInWords(pauseSeconds)} passed between recorder ${attempt} and the next one's first media.`,
    );
  const told = toldBy(report, `Recorder ${attempt}: `);
  return {
    ...told,
    ...((!isSaved || lacking > 0) && { state: 'incomplete', reason: 'MediaLost' }),
    words: [...words, ...told.words],
    missingSeconds: Math.max(lacking, told.missingSeconds) + pauseSeconds,
    gaps: [
      ...told.gaps,
      ...gapBetween(lastMs - lacking * 1000, pauseSeconds > 0 ? resumedMs : lastMs, 'RecorderLost'),
    ],
  };
}

/** Of the last recorder, which has ended with a result or without. */
export function findingOfLast(
  received: ReceivedMedia | undefined,
  result: RecorderResult | undefined,
): Finding {
  if (result?.outcome === 'completed') {
    const report = reportOf(result);
    const told = toldBy(report, '');
    const all = received?.seconds ?? 0;
    const lacking = shortfall(all, result.durationSeconds, report);
    if (lacking === 0) return told;
    const words = `The recorder had received ${secondsInWords(all)}, and ${secondsInWords(lacking)} of them are in no file.`;
    const missingSeconds = Math.max(lacking, told.missingSeconds);
    return {
      ...told,
      state: 'incomplete',
      reason: 'MediaLost',
      words: [words, ...told.words],
      missingSeconds,
    };
  }
  const seconds = Math.max(received?.seconds ?? 0, result?.durationSeconds ?? 0);
  if (received === undefined && seconds === 0) return NONE;
  const lastMs = Date.parse(received?.lastMediaAt ?? result?.stoppedAt ?? '');
  return {
    state: 'incomplete',
    reason: 'MediaLost',
    words: [`Nothing of the ${secondsInWords(seconds)} that were received last is in a file.`],
    missingSeconds: seconds,
    gaps: gapBetween(
      lastMs - seconds * 1000,
      lastMs,
      result?.reason === 'DiskFull' ? 'DiskFull' : 'RecorderLost',
    ),
  };
}

/** What a recorder says itself. Seconds between two runs of it count, though nothing was accepted in them. */
function toldBy(report: RecorderReport, who: string): Finding {
  const { complete, reason = 'MediaLost', message, gaps = [] } = report;
  const missingSeconds = Math.max(report.missingSeconds ?? 0, secondsOf(gaps.filter(isOurs)));
  if (complete !== false) return { state: complete ? 'complete' : 'untold', words: [], missingSeconds, gaps };
  return {
    state: 'incomplete',
    reason,
    words: [who + sentence(message ?? INCOMPLETE[reason])],
    missingSeconds,
    gaps,
  };
}

/**
 * Seconds that were received and that the files lack. Where takes lie apart, files are shorter than the timeline by as
 * much as the publisher was away: that is believed of a recorder that vouches for its files, and of no other.
 */
function shortfall(
  received: number,
  stored: number | undefined,
  { complete, gaps = [] }: RecorderReport,
): number {
  if (stored === undefined) return 0;
  const away = complete === true ? secondsOf(gaps.filter((gap) => !isOurs(gap))) : 0;
  const lacking = received - stored - away;
  return lacking > SLACK_SECONDS ? lacking : 0;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
