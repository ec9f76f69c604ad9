import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CODEC_NAMES, CODECS, fateOf } from '../../recorder-image/contract/codecs.ts';
import type { CodecName } from '../../recorder-image/contract/codecs.ts';
import { FORMAT_NAMES } from '../../recorder-image/contract/formats.ts';
import type { Format } from '../../recorder-image/contract/formats.ts';
import { rowsOf } from './tables.ts';

function wordsFor(codec: CodecName, format: Format): string {
  const fate = fateOf(codec, format);
  return fate.is === 'encoded' ? `to ${CODECS[fate.to].label}` : fate.is;
}

it('docs/reference/codecs.md says of each codec what the registry says, and knows no other', async () => {
  const page = await readFile(new URL('../../docs/reference/codecs.md', import.meta.url), 'utf8');
  const [header, ...rows] = rowsOf(page, 'What becomes of each codec');
  expect(header).toEqual(['codec', ...FORMAT_NAMES]);
  expect(rows).toEqual(
    CODEC_NAMES.map((codec) => [
      CODECS[codec].label,
      ...FORMAT_NAMES.map((format) => wordsFor(codec, format)),
    ]),
  );
});
