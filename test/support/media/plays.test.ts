import { open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { debianFfmpegPath } from '../ffmpeg.ts';
import { tempDirectory } from '../temp-directory.ts';
import { makeClip } from './clip.ts';
import { expectPlayable } from './plays.ts';

describe('playing a file from start to end', () => {
  it('is content with a sound file and not with a damaged one', async () => {
    await using folder = await tempDirectory('plays');
    const clip = await makeClip(`${folder.path}/clip.flv`, { seconds: 2 });
    await expectPlayable(clip, await debianFfmpegPath());

    await using file = await open(clip, 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(2000, 0xff), 0, 2000, Math.floor(size / 2));
    await expect(expectPlayable(clip, await debianFfmpegPath())).rejects.toThrow('clip.flv');
  });
});
