import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { recorderResources, weightOf } from './recorder-resources.ts';
import { recordingOf } from './testing/build.ts';

const environment = { RECORDER_IMAGE: 'recorder:1', STREAM_KEY_SECRET: 'x'.repeat(32), S3_BUCKET: 'bucket' };

function of(output: object, more: Record<string, string> = {}) {
  const whole = { format: 'mp4', resolution: '1280x720', fps: 30, bitrateKbps: 2000, ...output } as const;
  const recording = recordingOf({ spec: { output: whole } });
  const { recorder } = readConfig({ ...environment, RECORDER_MEMORY: '200Mi', ...more });
  return { resources: recorderResources(recording, recorder), weight: weightOf(recording, 3) };
}

describe('what a recorder requests', () => {
  it('is what is configured where it copies, whatever the picture', () => {
    for (const format of ['mp4', 'm3u8']) {
      const { resources, weight } = of({ format, resolution: '3840x2160', fps: 60 });
      expect(resources).toMatchObject({
        requests: { cpu: '100m', memory: '200Mi' },
        limits: { memory: '200Mi' },
      });
      expect(resources).not.toHaveProperty('limits.cpu');
      expect(weight).toBe(1);
    }
  });

  // Measured, of one encoder: 0.35 cores and 193 MB; 1.2 and 311; 0.1 and 134.
  it.each([
    { resolution: '1280x720', fps: 30, cpu: '377m', memory: '617Mi', weight: 3 },
    { resolution: '1920x1080', fps: 60, cpu: '1345m', memory: '899Mi', weight: 10 },
    { resolution: '854x480', fps: 30, cpu: '223m', memory: '493Mi', weight: 1.89 },
  ])('grows with what is encoded: $resolution at $fps', ({ resolution, fps, cpu, memory, weight }) => {
    const webm = of({ format: 'webm', resolution, fps });
    expect(webm.resources).toMatchObject({ requests: { cpu, memory }, limits: { memory } });
    expect(webm.weight).toBeCloseTo(weight, 2);
  });

  it('is never more than the limit', () => {
    const webm = { format: 'webm', resolution: '1920x1080', fps: 60 };
    expect(of(webm, { RECORDER_CPU_LIMIT: '1' }).resources).toMatchObject({ limits: { cpu: '1345m' } });
    expect(of(webm, { RECORDER_CPU_LIMIT: '2' }).resources).toMatchObject({ limits: { cpu: '2' } });
    expect(of({}, { RECORDER_CPU_LIMIT: '1' }).resources).toMatchObject({ limits: { cpu: '1' } });
  });
});
