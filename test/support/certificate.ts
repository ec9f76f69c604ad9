import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../cluster/run-command.ts';

export interface TestCertificate {
  readonly certPath: string;
  readonly keyPath: string;
  /** PEM: what a client has to trust. */
  readonly ca: string;
}

/** A certificate of its own authority, for these DNS names; the first is its subject. */
export async function makeCertificate(
  folder: string,
  names: readonly [string, ...string[]],
): Promise<TestCertificate> {
  const certPath = join(folder, 'tls.crt');
  const keyPath = join(folder, 'tls.key');
  const alternatives = names.map((name) => `DNS:${name}`).join(',');
  // prettier-ignore
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2',
    '-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${alternatives}`, '-keyout', keyPath, '-out', certPath,
  ]);
  return { certPath, keyPath, ca: await readFile(certPath, 'utf8') };
}
