import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const AGENT = { keepAlive: true, maxSockets: 50 };

/**
 * How a recorder and the operator reach S3: for the AWS SDK's request handler. HTTPS goes through the proxy that
 * HTTPS_PROXY names, but for the hosts of NO_PROXY. `caFile` is a PEM file whose authorities are trusted besides those
 * of Node and NODE_EXTRA_CA_CERTS. Throws where it can't be read, or has none.
 */
export function s3Agents(
  caFile: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  const proxyEnv = {
    HTTPS_PROXY: env['HTTPS_PROXY'] ?? env['https_proxy'],
    NO_PROXY: env['NO_PROXY'] ?? env['no_proxy'],
  };
  const trust = caFile === undefined ? {} : { ca: authorities(caFile) };
  return { httpAgent: new HttpAgent(AGENT), httpsAgent: new HttpsAgent({ ...AGENT, ...trust, proxyEnv }) };
}

function authorities(caFile: string): string[] {
  const own = readFileSync(caFile, 'utf8').match(CERTIFICATES) ?? [];
  if (own.length === 0) throw new Error(`${caFile} has no certificate in PEM`);
  // TLS passes over what is none.
  const checked = own.map((certificate) => new X509Certificate(certificate).toString());
  return [...getCACertificates('default'), ...checked];
}

/** Of the AWS SDK's client, for each value of S3_CHECKSUMS. */
export const CHECKSUM_SETTINGS = {
  when_supported: {},
  when_required: {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  },
} as const;
export type ChecksumSetting = keyof typeof CHECKSUM_SETTINGS;
export const CHECKSUM_SETTING_NAMES = Object.keys(CHECKSUM_SETTINGS) as [
  ChecksumSetting,
  ...ChecksumSetting[],
];
