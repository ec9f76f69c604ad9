import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createProgram,
  flattenDiagnosticMessageText,
  getPreEmitDiagnostics,
  ModuleKind,
  ModuleResolutionKind,
  ScriptTarget,
} from 'typescript';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../support/temp-directory.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** What the compiler says of a backend that has this project as a package. */
async function complaints(usage: string): Promise<string[]> {
  await using folder = await tempDirectory('backend');
  await mkdir(join(folder.path, 'node_modules'));
  await symlink(PROJECT, join(folder.path, 'node_modules/meetrec'));
  await writeFile(join(folder.path, 'package.json'), '{"name": "backend", "type": "module"}');
  const main = join(folder.path, 'main.ts');
  await writeFile(
    main,
    `import { openRecordings, RecordingError } from 'meetrec/operator/bin/recordings.ts';\n${usage}\n`,
  );
  const program = createProgram([main], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    target: ScriptTarget.ES2024,
    module: ModuleKind.NodeNext,
    moduleResolution: ModuleResolutionKind.NodeNext,
    lib: ['lib.esnext.d.ts'],
    types: ['node'],
    typeRoots: [join(PROJECT, 'node_modules/@types')],
  });
  return getPreEmitDiagnostics(program).map(({ messageText }) =>
    flattenDiagnosticMessageText(messageText, ' '),
  );
}

const OPEN = `
  await using meetrec = await openRecordings({
    mongodbUri: 'mongodb://127.0.0.1/backend',
    namespace: 'meetings',
    streamKeySecret: 'k',
    apiUrl: 'https://recordings.example.com',
    signal: AbortSignal.timeout(1000),
  });
  const who = { meetingId: 'm-1', userId: 'user-1' };
`;

describe('the module for backends in TypeScript', () => {
  it('compiles in theirs, with the types of what is asked and answered, and not with others', async () => {
    const usage = `${OPEN}
      const { recording, ingest } = await meetrec.startRecording({ ...who, options: { format: 'mp4', fps: 25 }, idempotencyKey: 'a' });
      const key: string | undefined = ingest?.streamKey;
      const status: 'idle' | 'starting' | 'recording' | 'stopping' | 'completed' | 'failed' = recording.status;
      const { live } = await meetrec.getRecordingStatus(who);
      const rate: number | undefined = live?.recorder?.bitrateKbps;
      await meetrec.stopRecording({ ...who, idempotencyKey: 'b' });
      try {
        const { url, expiresAt } = await meetrec.getRecordingUrl({ ...who, take: 1 });
        console.log(url, expiresAt.toISOString());
      } catch (error) {
        if (error instanceof RecordingError && error.code === 'not-available') console.log(error.recording?.status);
      }
      // @ts-expect-error: it is no format
      await meetrec.startRecording({ ...who, options: { format: 'avi' } });
      export { key, status, rate };
    `;
    expect(await complaints(usage)).toEqual([]);
  }, 120_000);
});
