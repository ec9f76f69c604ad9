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
      recorder: { memory: '224Mi', cpuRequest: '100m', terminationGraceSeconds: 600 },
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

  it('needs to know the gateway, the domain and the certificate where recorders stand behind a gateway', () => {
    const gateway = { ...required, INGEST_EXPOSURE: 'gateway' };
    expect(() => readConfig(gateway)).toThrow('INGEST_GATEWAY_NAME is required');
    const whole = { INGEST_GATEWAY_NAME: 'g', INGEST_DOMAIN: 'a.example.com', INGEST_TLS_SECRET: 't' };
    expect(() => readConfig({ ...gateway, ...whole, INGEST_DOMAIN: '*.example.com' })).toThrow(
      'INGEST_DOMAIN: is a domain',
    );
    const config = readConfig({ ...gateway, ...whole, INGEST_CHECK_ADDRESS: 'gateway.svc:8443' });
    expect(config.ingest).toMatchObject({
      exposure: 'gateway',
      gateway: { name: 'g', port: 443, check: { host: 'gateway.svc', port: 8443 } },
    });
    expect(config.recorder.tlsSecret).toBe('t');
    expect(readConfig(required).recorder.tlsSecret).toBeUndefined();
  });

  it('gives recorders time for what has to be made before a publisher can come', () => {
    const timeout = (env: Record<string, string>) =>
      readConfig({ ...required, ...env }).recorder.environment.PUBLISHER_TIMEOUT;
    const waiting = { PUBLISHER_TIMEOUT: '60', START_TIMEOUT: '200' };
    expect(timeout(waiting)).toBe('60');
    expect(timeout({ ...waiting, INGEST_EXPOSURE: 'hostPort' })).toBe('60');
    expect(timeout({ ...waiting, INGEST_EXPOSURE: 'loadBalancer' })).toBe('260');
    expect(timeout({ INGEST_EXPOSURE: 'loadBalancer' })).toBe('420');
  });

  it('takes what has several parts as JSON, and says where that is none', () => {
    const { recorder } = readConfig({
      ...required,
      RECORDER_ANNOTATIONS: '{"a":"b"}',
      RECORDER_TOLERATIONS: '[{"operator":"Exists"}]',
    });
    expect(recorder).toMatchObject({ annotations: { a: 'b' }, tolerations: [{ operator: 'Exists' }] });
    expect(() => readConfig({ ...required, RECORDER_NODE_SELECTOR: 'pool=recorders' })).toThrow(
      'RECORDER_NODE_SELECTOR: is no JSON',
    );
    expect(() => readConfig({ ...required, RECORDER_ANNOTATIONS: '{"a":1}' })).toThrow(
      'RECORDER_ANNOTATIONS',
    );
  });

  it('is told whole by --help', () => {
    const help = controllerHelp();
    for (const name of Object.keys(controllerEnvironmentSchema.shape)) expect(help).toContain(name);
    for (const [name, schema] of Object.entries(controllerEnvironmentSchema.shape))
      expect(schema.meta()?.description, name).toBeTruthy();
  });
});
