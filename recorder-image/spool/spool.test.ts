import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { Spool } from './spool.ts';

describe('the space that is left for the spool', () => {
  it('is what its limit leaves, though the file system has more', async () => {
    await using folder = await tempDirectory('spool');
    const common = { storagePath: folder.path, recordingId: 'rec' };
    const spool = new Spool({ ...common, spoolLimitBytes: 10_000_000 });
    await spool.create();
    await writeFile(join(spool.directory, 'take-1.flv'), Buffer.alloc(4_000_000, 1));
    const free = await spool.bytesFree();
    expect(free).toBeLessThanOrEqual(6_000_000);
    expect(free).toBeGreaterThan(5_000_000);
    expect(await new Spool(common).bytesFree()).toBeGreaterThan(free);
  });

  it('is nothing when the limit is exceeded', async () => {
    await using folder = await tempDirectory('spool');
    const spool = new Spool({ storagePath: folder.path, recordingId: 'rec', spoolLimitBytes: 1000 });
    await spool.create();
    await writeFile(join(spool.directory, 'take-1.flv'), Buffer.alloc(100_000, 1));
    expect(await spool.bytesFree()).toBe(0);
  });
});
