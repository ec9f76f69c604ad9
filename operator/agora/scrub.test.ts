import { describe, expect, it } from 'vitest';
import { scrub, streamKeysOf } from './scrub.ts';

describe('a text from Agora', () => {
  it('is the same from try to try', () => {
    const first = scrub(
      'request 0f8fad5b-d9cb-469f-a165-70867728950e failed at 2026-07-01T10:00:00.123Z (1782900000)',
    );
    const second = scrub(
      'request 7c9e6679-7425-40de-944b-e07fc1f90ae7 failed at 2026-07-01T10:00:05.456Z (1782900005)',
    );
    expect(first).toBe(second);
    expect(first).toContain('failed');
  });

  it('loses addresses with a stream key, also of streams that are not ours', () => {
    expect(scrub('cannot push to "rtmps://example.org/live/secret?x=1", sorry')).toBe(
      'cannot push to "rtmp://…", sorry',
    );
  });

  it('loses the key when it stands alone', () => {
    const keys = streamKeysOf('rtmp://example.org/live/0123456789abcdef');
    expect(scrub('bad stream name 0123456789abcdef', keys)).toBe('bad stream name …');
  });

  it('is one line of bounded length', () => {
    expect(scrub(`a\n\n  b${'c'.repeat(1000)}`)).toMatch(/^a bc{297}$/);
  });
});
