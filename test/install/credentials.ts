import { SignJWT } from 'jose';

/** Secrets of a trial installation; the development chart's values hold the rest. */
export const TRIAL = {
  jwtSecret: 'a-trial-secret-of-more-than-32-bytes',
  streamKeySecret: 'a-trial-master-key-of-more-than-32-characters',
  bucket: 'meetrec-recordings',
  accessKeyId: 'meetrec-dev',
  secretAccessKey: 'meetrec-dev-secret',
  appId: '0123456789abcdef0123456789abcdef',
  customerId: 'customer',
  customerSecret: 'customer-secret',
  webhookSecret: 'webhook-secret',
} as const;

/** A bearer token as the backend's login would issue it: of a user, or of a service with its scope. */
export async function bearerToken(
  claims: { sub: string; scope?: string },
  { secret = TRIAL.jwtSecret, expires = '1h' }: { secret?: string; expires?: string } = {},
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
}
