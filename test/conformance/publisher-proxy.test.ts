import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { proxyHeader } from '../../recorder-image/ingest/testing/proxy-header.ts';
import { makeCertificate } from '../support/certificate.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import { startTcpProxy } from '../support/proxy/tcp-proxy.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { recordingWorld } from './recording-world.ts';
import type { RecordingWorld } from './recording-world.ts';

// Several processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

let world: RecordingWorld;
beforeAll(async () => {
  world = await recordingWorld();
}, 900_000);
afterAll(() => world?.[Symbol.asyncDispose]());

describe('a recorder behind a proxy', () => {
  it.each([
    { scheme: 'rtmp', host: '203.0.113.9', address: '203.0.113.9:5555' },
    { scheme: 'rtmp', host: '2001:db8:0:0:0:0:0:7', address: '[2001:db8::7]:5555' },
    { scheme: 'rtmps', host: '203.0.113.9', address: '203.0.113.9:5555' },
  ])(
    'has each packet that comes by $scheme from $host, and knows where from',
    async ({ scheme, host, address }) => {
      await using folder = await tempDirectory('certificate');
      const { certPath, keyPath } = await makeCertificate(folder.path, ['rec-1.ingest.test']);
      const tls = { RTMP_TLS_CERT_PATH: certPath, RTMP_TLS_KEY_PATH: keyPath };
      await using recording = await world.start({
        RTMP_PROXY_PROTOCOL: 'true',
        ...(scheme === 'rtmps' && tls),
      });
      const { recorder, place } = recording;
      await using proxy = await startTcpProxy(recorder.rtmpPort, { header: proxyHeader(host, 5555) });
      const url = `${scheme}://127.0.0.1:${proxy.port}/live/${place.streamKey}`;
      await using publisher = await startPublishing({ file: world.clip, url, speed: 4 });
      const { publisher: seen } = await recorder.reach('recording');
      expect(seen?.address).toBe(address);
      expect(await publisher.exited).toBe(0);
      await recording.finish(world.packets);
    },
  );

  it('takes nobody who does not come through it', async () => {
    await using recording = await world.start({ RTMP_PROXY_PROTOCOL: 'true' });
    const { recorder, place } = recording;
    await expect(publish({ file: world.clip, url: recorder.url })).rejects.toThrow(
      'the publisher ended with',
    );
    expect(recorder.child.output()).toContain('no header of the PROXY protocol');
    const metrics = await (await fetch(`${recorder.http}/metrics`)).text();
    expect(metrics).toContain('meetrec_recorder_expelled_connections_total{reason="refused"} 1');
    await using proxy = await startTcpProxy(recorder.rtmpPort, { header: proxyHeader('203.0.113.9', 1) });
    await publish({ file: world.clip, url: `rtmp://127.0.0.1:${proxy.port}/live/${place.streamKey}` });
    await recording.finish(world.packets);
  });
});
