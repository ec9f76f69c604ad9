import { describe, expect, it } from 'vitest';
import { spoolBytes } from './spool-size.ts';
import { recordingOf } from './testing/build.ts';

const GIBI = 1024 ** 3;
const agora = { agora: { channel: 'c', region: 'eu' as const } };

describe('the size of the spool', () => {
  it('holds the journal and the file of the whole recording, and what is to stay free', () => {
    const twoHours = recordingOf({ spec: { source: agora, maxDurationSeconds: 7200 } });
    const media = (2000 * 1000 * 7200) / 8;
    const size = spoolBytes(twoHours, 100 * GIBI);
    expect(size).toBeGreaterThan(2 * media + 256e6);
    expect(size).toBeLessThan(4 * media);
    const minute = recordingOf({ spec: { source: agora, maxDurationSeconds: 60 } });
    expect(spoolBytes(minute, 100 * GIBI)).toBeLessThan(2 * GIBI);
  });

  it('does not exceed the maximum, and is the maximum where the bitrate is not known', () => {
    const long = recordingOf({ spec: { source: agora, maxDurationSeconds: 86_400 } });
    expect(spoolBytes(long, 8 * GIBI)).toBe(8 * GIBI);
    expect(spoolBytes(recordingOf(), 8 * GIBI)).toBe(8 * GIBI);
  });
});
