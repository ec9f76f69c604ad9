import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HealthServer } from './health-server.ts';
import { RuntimeMetrics } from './metrics.ts';

describe('the health server', () => {
  let server: HealthServer;
  let url: string;
  let trouble: string | undefined;
  let illness: string | undefined;

  beforeEach(async () => {
    const registry = new Registry();
    new RuntimeMetrics(registry).leader('lease', true);
    [trouble, illness] = [undefined, undefined];
    server = new HealthServer({
      port: 0,
      host: '127.0.0.1',
      registry,
      unhealthy: () => illness,
      unready: () => trouble,
    });
    url = `http://127.0.0.1:${await server.listen()}`;
  });
  afterEach(async () => {
    await server.close();
  });

  it('is healthy, and ready only when it is', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    trouble = 'the caches are not filled yet';
    const unready = await fetch(`${url}/readyz`);
    expect([unready.status, await unready.text()]).toEqual([503, 'the caches are not filled yet\n']);
    trouble = undefined;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('says why it is ill', async () => {
    illness = 'the lease was renewed 40 s ago';
    const answer = await fetch(`${url}/healthz`);
    expect([answer.status, await answer.text()]).toEqual([503, 'the lease was renewed 40 s ago\n']);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('shows metrics, and says what else there is', async () => {
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'leader_election_master_status{name="lease"} 1',
    );
    expect((await fetch(`${url}/`)).status).toBe(404);
  });
});
