/** Something that is not as the manifest says. */
export interface Problem {
  /** The object's key; undefined for the manifest itself. */
  readonly file?: string;
  /** `video:0`, for example. */
  readonly track?: string;
  /** The first second of the recording that differs, where it is known. */
  readonly second?: number;
  /** For people. */
  readonly what: string;
}

/** What was found out about a recording. */
export interface Report {
  readonly ok: boolean;
  readonly recording: string;
  /** What the manifest says itself. */
  readonly complete: boolean;
  readonly missingSeconds: number;
  readonly signature: 'valid' | 'invalid' | 'unsigned' | 'unknown-key';
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** The report as lines for people. */
export function renderReport(report: Report): string {
  const { recording, files, bytes, problems, complete, missingSeconds, signature } = report;
  const lines = problems.map(({ file, track, second, what }) => {
    const place = [file, track, second === undefined ? undefined : `from second ${second}`];
    return `DIFFERS  ${[place.filter((part) => part !== undefined).join(', '), what].filter(Boolean).join(': ')}`;
  });
  const verdict = report.ok ? 'FINE' : 'NOT FINE';
  const says = complete ? 'complete' : `incomplete, ${missingSeconds} s missing`;
  return [
    ...lines,
    `${verdict}  ${recording}: ${files} files, ${bytes} bytes; the manifest says: ${says}; signature: ${signature}`,
    '',
  ].join('\n');
}
