import type { Manifest } from '../../contract/manifest.ts';

/** What an attempt says that recorded from one minute to another. */
export function pieceOf(
  attempt: number,
  minutes: readonly [from: number, to: number],
  more: Partial<Manifest> = {},
): Manifest {
  const [startedAt, stoppedAt] = minutes.map((minute) => new Date(minute * 60_000).toISOString());
  return {
    version: 1,
    recording: { id: 'rec' },
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    durationSeconds: (minutes[1] - minutes[0]) * 60,
    attempts: [{ attempt, reason: 'Stopped' }],
    files: [
      { key: `recording-${attempt}.mp4`, format: 'mp4', sizeBytes: 1, attempt, takes: [1], tracks: [] },
    ],
    gaps: [],
    leftOut: [],
    complete: true,
    missingSeconds: 0,
    writtenBy: { meetrec: 'test' },
    writtenAt: new Date(minutes[1] * 60_000).toISOString(),
    ...more,
  };
}
