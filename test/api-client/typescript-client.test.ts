import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createProgram,
  flattenDiagnosticMessageText,
  getPreEmitDiagnostics,
  ModuleKind,
  ScriptTarget,
} from 'typescript';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { typescriptClient } from './typescript-client.ts';

/** What the compiler says of a program that uses the client. */
async function complaints(usage: string): Promise<string[]> {
  await using folder = await tempDirectory('api-client');
  await writeFile(join(folder.path, 'client.ts'), typescriptClient(openApiDocument()));
  const main = join(folder.path, 'main.ts');
  await writeFile(
    main,
    `import { MeetrecClient } from './client.ts';\nconst client = new MeetrecClient({ baseUrl: 'http://localhost', token: 't' });\n${usage}\n`,
  );
  const program = createProgram([main], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    target: ScriptTarget.ES2022,
    module: ModuleKind.ESNext,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  });
  return getPreEmitDiagnostics(program).map(({ messageText }) =>
    flattenDiagnosticMessageText(messageText, ' '),
  );
}

describe('a client that is made from the description', () => {
  it('compiles, and knows what is sent and what comes', async () => {
    const usage = `
      const path = { meetingId: 'm-1' };
      await client.putMeeting({ path, body: { host: 'user-1', channel: 'standup', retentionDays: 30 } });
      const started = await client.startRecording({ path, header: { 'Idempotency-Key': 'a' }, body: { format: 'mp4' } });
      const status: 'idle' | 'starting' | 'recording' | 'stopping' | 'completed' | 'failed' = started.recording.status;
      const { live } = await client.getRecordingStatus({ path });
      const seconds: number | null = live === null ? null : live.durationSeconds;
      const { recordings, next } = await client.listRecordings({ path, query: { limit: 10 } });
      const { url } = await client.getRecordingUrl({ path, query: { take: 1 } });
      await client.stopRecording({ path });
      export { status, seconds, recordings, next, url };
    `;
    expect(await complaints(usage)).toEqual([]);
  }, 120_000);

  it('does not compile with what the API does not take', async () => {
    const usage = `await client.startRecording({ path: { meetingId: 'm-1' }, body: { format: 'avi' } }); export {};`;
    expect((await complaints(usage)).join()).toContain('"avi"');
  }, 120_000);
});
