import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';
import { describeEnvironment, environmentSchema } from './environment.ts';

const env = {
  MONGODB_URI: 'mongodb://db/meetings',
  JWT_SECRET: 'x'.repeat(32),
  STREAM_KEY_SECRET: 'y'.repeat(32),
  POD_NAMESPACE: 'meetings',
};

function complaint(changes: Record<string, string | undefined>): string {
  try {
    readConfig({ ...env, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe("the API's environment", () => {
  it('needs little, and has defaults for the rest', () => {
    expect(readConfig(env)).toMatchObject({
      httpPort: 8080,
      namespace: 'meetings',
      defaults: { format: 'mp4', resolution: '1280x720', fps: 30, bitrate: 2000, maxDuration: 7200 },
      storage: { expirySeconds: 900, forcePathStyle: false },
    });
  });

  it('names every variable that is wrong, without its value', () => {
    const message = complaint({
      MONGODB_URI: 'postgres://user:password@db',
      JWT_SECRET: 'short secret',
      STREAM_KEY_SECRET: undefined,
      RECORDING_DEFAULT_FORMAT: 'mkv',
      HTTP_PORT: '80800',
    });
    const names = message.split('\n').map((line) => /^[A-Z_0-9]+/.exec(line)?.[0]);
    expect(new Set(names)).toEqual(
      new Set(['HTTP_PORT', 'JWT_SECRET', 'MONGODB_URI', 'RECORDING_DEFAULT_FORMAT', 'STREAM_KEY_SECRET']),
    );
    expect(message).not.toMatch(/password|short secret/);
  });

  it('takes one way to verify tokens', () => {
    const url = 'https://id.example.com/jwks.json';
    expect(complaint({ JWT_SECRET: undefined })).toContain('exactly one');
    expect(complaint({ JWT_JWKS_URL: url })).toContain('exactly one');
    expect(readConfig({ ...env, JWT_SECRET: '', JWT_JWKS_URL: url }).tokens.keys).toEqual({
      jwksUrl: new URL(url),
    });
  });

  it('has Agora asked who is in a channel only with all of its credentials, and unless told not to', () => {
    const agora = { AGORA_APP_ID: 'a', AGORA_CUSTOMER_ID: 'b', AGORA_CUSTOMER_SECRET: 'c' };
    expect(readConfig({ ...env, ...agora }).agoraPoll).toMatchObject({ appId: 'a', intervalMs: 30_000 });
    for (const name of Object.keys(agora))
      expect(readConfig({ ...env, ...agora, [name]: undefined }).agoraPoll).toBeUndefined();
    expect(readConfig({ ...env, ...agora, AGORA_POLL_INTERVAL: '0' }).agoraPoll).toBeUndefined();
  });

  it('is told of in full by --help', () => {
    for (const name of Object.keys(environmentSchema.shape)) expect(describeEnvironment()).toContain(name);
  });
});
