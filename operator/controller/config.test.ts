import { describe, expect, it } from 'vitest';
import { ConfigError, controllerEnvironmentSchema, readConfig } from './config.ts';
import { controllerHelp } from './help.ts';

const required = { RECORDER_IMAGE: 'recorder:1', STREAM_KEY_SECRET: 'x'.repeat(32), S3_BUCKET: 'bucket' };

describe('the controller’s configuration', () => {
  it('needs little, and has defaults for the rest', () => {
    const config = readConfig(required);
    expect(config).toMatchObject({
      namespace: 'default',
      maxConcurrentRecordings: 10,
      leaderElection: true,
      httpPort: 8080,
      startTimeoutSeconds: 300,
      recorder: { memory: '384Mi', cpuRequest: '100m', terminationGraceSeconds: 600 },
    });
    expect(config.agora).toBeUndefined();
  });

  it('takes an empty value as absent', () => {
    expect(readConfig({ ...required, RTMP_SERVER_URL: '', HTTP_PORT: '' }).httpPort).toBe(8080);
  });

  it('names everything that is wrong, a line each', () => {
    const read = () => readConfig({ STREAM_KEY_SECRET: 'short', HTTP_PORT: 'http', S3_BUCKET: 'bucket' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/RECORDER_IMAGE is required/);
    expect(read).toThrow(/STREAM_KEY_SECRET: is a random text of at least 32 characters/);
    expect(read).toThrow(/HTTP_PORT: /);
  });

  it('records where it runs unless told otherwise', () => {
    expect(readConfig({ ...required, POD_NAMESPACE: 'meetrec' }).namespace).toBe('meetrec');
    const config = readConfig({ ...required, POD_NAMESPACE: 'meetrec', RECORDINGS_NAMESPACE: 'meetings' });
    expect([config.namespace, config.leaseNamespace]).toEqual(['meetings', 'meetrec']);
  });

  it('has Agora only with all of its credentials', () => {
    const agora = { AGORA_APP_ID: 'a', AGORA_CUSTOMER_ID: 'b' };
    expect(readConfig({ ...required, ...agora }).agora).toBeUndefined();
    expect(readConfig({ ...required, ...agora, AGORA_CUSTOMER_SECRET: 'c' }).agora).toMatchObject({
      appId: 'a',
    });
  });

  it('is told whole by --help', () => {
    const help = controllerHelp();
    for (const name of Object.keys(controllerEnvironmentSchema.shape)) expect(help).toContain(name);
    for (const [name, schema] of Object.entries(controllerEnvironmentSchema.shape))
      expect(schema.meta()?.description, name).toBeTruthy();
  });
});
