import { expect, it } from 'vitest';
import { readMessage } from './flv-packets.ts';

it('never reads past the end, whatever the bytes are', () => {
  let state = 1;
  const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
  const openings = [
    [0x97],
    [0x96, 0x11],
    [0x95, 0x21],
    [0x91, 0x68, 0x76, 0x63, 0x31],
    [0x17],
    [0x1c, 1],
    [0xaf],
    [],
  ];
  for (let round = 0; round < 50_000; round += 1) {
    const rest = Array.from({ length: next() % 24 }, () => (next() % 3 === 0 ? next() : next() % 4));
    const payload = Buffer.from([...(openings[round % openings.length] ?? []), ...rest]);
    for (const kind of ['audio', 'video'] as const) {
      const { configs, packets } = readMessage({ kind, timestampMs: 0, payload });
      const kept = packets.reduce((sum, packet) => sum + packet.payload.length, 0);
      expect(kept).toBeLessThanOrEqual(payload.length);
      expect(packets.every((packet) => packet.payload.length > 0)).toBe(true);
      expect(configs.every(({ record }) => record.length <= payload.length)).toBe(true);
    }
  }
});
