import { describe, expect, it } from 'vitest';
import { ffmpegStages } from './ffmpeg.ts';

const STAGES = [
  'FROM debian AS build',
  'RUN sh /build.sh',
  'FROM scratch AS ffmpeg',
  'COPY --from=build /ffmpeg /',
];
const dockerfile = (last: string, comment = '# The image.'): string =>
  [comment, ...STAGES, '', 'FROM node', last].join('\n');

describe('what FFmpeg is built from', () => {
  it('is not what the image does with it, nor what is said about it', () => {
    const stages = ffmpegStages(dockerfile('ENTRYPOINT ["node"]'));
    expect(stages).toBe(STAGES.join('\n'));
    expect(ffmpegStages(dockerfile('ENTRYPOINT ["/app"]', '# Another word.'))).toBe(stages);
  });
});
