import { readFile } from 'node:fs/promises';
import { KEY_ID, secretFrom } from '../contract/signing-keys.ts';
import type { SigningKey } from '../contract/signing-keys.ts';
import { UsageError } from './options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The keys of a file and of the environment. Throws {@link UsageError}. */
export async function loadKeys(env: Environment, keyFile: string | undefined): Promise<SigningKey[]> {
  const { MANIFEST_KEY: secret, MANIFEST_KEY_ID: id } = env;
  const own = secret === undefined || secret === '' ? [] : [keyFrom(id ?? '', secret, 'MANIFEST_KEY')];
  if (keyFile === undefined) return own;
  const text = await readFile(keyFile, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${keyFile} can't be read: ${String(error)}`, { cause: error });
  });
  const lines = text.split('\n').map((line) => line.trim());
  const listed = lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    const [name = '', value = ''] = line.split(/\s+/);
    return keyFrom(name, value, `${keyFile}, line ${index + 1}`);
  });
  return [...own, ...listed];
}

function keyFrom(id: string, text: string, where: string): SigningKey {
  const secret = secretFrom(text);
  if (!KEY_ID.test(id) || secret === undefined)
    throw new UsageError(`${where}: a key is an id and a secret of 16 bytes or more, as hex or base64`);
  return { id, secret };
}
