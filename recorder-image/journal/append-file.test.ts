import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { AppendFile } from './append-file.ts';
import { FILE_HEADER_SIZE, tagSize } from './flv.ts';

const payload = (value: number): Buffer => Buffer.alloc(300_000, value);
const TAG = tagSize(300_000);

/** A file in a folder that is not there yet: a disk that takes nothing. */
function fileOn(folder: string, giveUpAfterMs: number) {
  const directory = join(folder, 'disk');
  const path = join(directory, 'take-1.flv');
  const said: (string | undefined)[] = [];
  const errors: Error[] = [];
  const written: number[] = [];
  const file = new AppendFile({
    path,
    size: 0,
    giveUpAfterMs,
    onWritten: (size) => written.push(size),
    onError: (error) => errors.push(error),
    onTrouble: (message) => said.push(message),
  });
  const append = (value: number): void =>
    file.append({ track: 'video', timestampMs: value, payload: payload(value) });
  /** The values of the tags that are in the file. */
  const values = async (): Promise<number[]> => {
    const bytes = await readFile(path);
    expect((bytes.length - FILE_HEADER_SIZE) % TAG).toBe(0);
    const count = (bytes.length - FILE_HEADER_SIZE) / TAG;
    return Array.from({ length: count }, (_, index) => bytes[FILE_HEADER_SIZE + index * TAG + 1000] ?? -1);
  };
  return { file, append, said, errors, written, values, mend: () => mkdir(directory) };
}

describe('a disk that does not take what is written', () => {
  it('is tried again, and has all of it in order once it does', async () => {
    await using folder = await tempDirectory('append');
    const { file, append, said, errors, written, values, mend } = fileOn(folder.path, 60_000);
    append(1);
    append(2);
    await waitFor(() => said.length > 0, { what: 'the trouble to be said' });
    append(3);
    expect([said.length, written]).toEqual([1, []]);
    await mend();
    await waitFor(() => said.length === 2, { what: 'it to be over' });
    expect(said[0]).toContain('ENOENT');
    expect(said[1]).toBeUndefined();
    append(4);
    await file.close();
    expect(await values()).toEqual([1, 2, 3, 4]);
    expect(written.at(-1)).toBe(FILE_HEADER_SIZE + 4 * TAG);
    expect(errors).toEqual([]);
  });

  it('is given up after a while, once, and nothing more is taken', async () => {
    await using folder = await tempDirectory('append');
    const { file, append, errors, written } = fileOn(folder.path, 100);
    append(1);
    await waitFor(() => errors.length > 0, { what: 'it to be given up' });
    append(2);
    expect(file.failed).toBe(true);
    await file.close();
    expect(errors).toHaveLength(1);
    expect(written).toEqual([]);
  });

  it('still gets what was accepted where it takes it before the end', async () => {
    await using folder = await tempDirectory('append');
    const { file, append, errors, values, mend } = fileOn(folder.path, 100);
    append(1);
    append(2);
    await waitFor(() => errors.length > 0, { what: 'it to be given up' });
    append(3);
    await mend();
    await file.close();
    expect(await values()).toEqual([1, 2]);
    expect(file.failed).toBe(true);
  });
});
