import type { Goals } from '../goals.ts';

/** However short the short one is, nobody notices less than this, in s. */
const UNNOTICED_SECONDS = 0.25;

/** What the figures are to be. How soon a long recording is there depends on how soon a short one is. */
export function goalsFor({ availableShortSeconds = 0 }: Readonly<Record<string, number>>): Goals {
  return {
    cpuVsFfmpegListen: { atMost: 1 },
    cpuVsNginxRtmp: { atMost: 2 },
    podMemoryMb: { atMost: 224 },
    packetsLost: { atMost: 0 },
    availableLongSeconds: { atMost: Math.max(1.5 * availableShortSeconds, UNNOTICED_SECONDS) },
  };
}
