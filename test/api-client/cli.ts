import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { breakingChanges } from './breaking-changes.ts';
import { checkedInDocument, OPENAPI_FILE, renderDocument } from './openapi-file.ts';

const USAGE = `Writes docs/reference/openapi.json from the schemas that the API validates with.

  --accept-breaking   also when clients that were written for the checked-in one break
  --help`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'accept-breaking': { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    console.log(USAGE);
    return;
  }
  const document = openApiDocument();
  const broken = existsSync(OPENAPI_FILE) ? breakingChanges(await checkedInDocument(), document) : [];
  if (broken.length > 0 && values['accept-breaking'] !== true) {
    console.error(`Clients would break; --accept-breaking writes it all the same:\n  ${broken.join('\n  ')}`);
    process.exitCode = 1;
    return;
  }
  await writeFile(OPENAPI_FILE, await renderDocument(document));
}

if (import.meta.main) await main();
