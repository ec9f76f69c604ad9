import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manifestKey } from '../../recorder-image/contract/object-keys.ts';
import { freePort } from '../support/free-port.ts';
import { complete, incompleteEvents, missingCounters } from './controller-support/completeness.ts';
import type { Exit } from './controller-support/recorder-stub.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

/** Two hours of media are no reason to end. */
const LONG = { maxDurationSeconds: 86_400 };

describe('a recorder that is lost with what it had received', () => {
  let cluster: Cluster;
  let world: TestWorld;
  let metricsPort: number;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    world = await TestWorld.start(cluster);
    metricsPort = await freePort();
  });
  afterEach(async () => {
    expect(world.kubelet.errors).toEqual([]);
    await world[Symbol.asyncDispose]();
  });

  const startController = async () =>
    await world.startController({ HTTP_PORT: String(metricsPort), RECORDER_LOST_AFTER: '1' });
  const stop = async (name: string, phase = 'Completed') => {
    await world.patchSpec(name, { desiredState: 'Stopped' });
    return (await world.untilPhase(name, phase)).status ?? {};
  };
  const salvage = (key: string, said: object): Exit => ({
    exitCode: 0,
    reason: 'Completed',
    message: JSON.stringify({
      outcome: 'completed',
      reason: 'Salvaged',
      bucket: 'test-bucket',
      key,
      url: `s3://test-bucket/${key}`,
      sizeBytes: 1000,
      format: 'mp4',
      ...said,
    }),
  });
  /** A recorder that has recorded for two hours is lost with its node, and another one goes on. */
  const twoHoursLost = async () => {
    world.kubelet.onStart = (stub, { metadata }) => {
      if (metadata.name === 'rec-1') stub.hasRecorded(7200);
    };
    await startController();
    await world.record('rec', LONG);
    await world.until('rec', 'two hours long', ({ status }) => status?.durationSeconds === 7200);
    await world.kubelet.loseNode('rec-1');
    await world.until('rec', 'recorded again', ({ status }) => status?.parts?.[0]?.resumedAt !== undefined);
  };

  it('110 of 120 minutes are lost with a node: the recording has a file, and says so', async () => {
    world.kubelet.onSalvage = (key) => salvage(key, { durationSeconds: 600 });
    await twoHoursLost();
    await world.until('rec', 'saved', ({ status }) => status?.parts?.[0]?.state === 'Salvaged');
    const status = await stop('rec');
    expect(status).toMatchObject({ phase: 'Completed', reason: 'StopRequested', durationSeconds: 612.5 });
    expect(complete(status)).toBe('False MediaLost');
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Succeeded', status: 'True' }));
    expect(status.message).toContain('Recorder 1 was lost: 1 h 50 min of the 2 h');
    const { parts: [part] = [], missingSeconds = 0, gaps = [] } = status;
    expect(part).toMatchObject({ receivedSeconds: 7200, durationSeconds: 600 });
    const pause = (Date.parse(part?.resumedAt ?? '') - Date.parse(part?.lastMediaAt ?? '')) / 1000;
    expect(missingSeconds).toBeCloseTo(6600 + pause, 2);
    expect(gaps).toHaveLength(1);
    const [{ from, to, reason }] = gaps as [(typeof gaps)[number]];
    expect(reason).toBe('RecorderLost');
    expect(to).toBe(part?.resumedAt);
    expect((Date.parse(to) - Date.parse(from)) / 1000).toBeCloseTo(missingSeconds, 2);
    const told = await incompleteEvents(world, 'rec');
    expect(told).toMatchObject([{ type: 'Warning' }]);
    expect(told[0]?.note).toContain('1 h 50 min');
    expect(told[0]?.series).toBeUndefined();
    const counted = await missingCounters(metricsPort);
    expect(Object.keys(counted)).toEqual(['incomplete MediaLost', 'missing RecorderLost']);
    expect(counted['incomplete MediaLost']).toBe(1);
    expect(counted['missing RecorderLost']).toBeCloseTo(missingSeconds, 1);

    // What was counted and told is not counted and told again.
    await world.killControllers();
    await startController();
    await world.record('other');
    await world.untilPhase('other', 'Recording');
    expect(await missingCounters(metricsPort)).toEqual({});
    expect(await incompleteEvents(world, 'rec')).toHaveLength(1);
    expect((await world.get('rec')).status).toEqual(status);
  });

  it('a controller that was not there when the recorder was lost says the same', async () => {
    world.kubelet.onSalvage = (key) => salvage(key, { durationSeconds: 600 });
    world.kubelet.onStart = (stub, { metadata }) => {
      if (metadata.name === 'rec-1') stub.hasRecorded(7200);
    };
    await startController();
    await world.record('rec', LONG);
    await world.until('rec', 'two hours long', ({ status }) => status?.durationSeconds === 7200);
    await world.killControllers();
    await world.kubelet.loseNode('rec-1');
    await startController();
    await world.until('rec', 'recorded again', ({ status }) => status?.parts?.[0]?.resumedAt !== undefined);
    await world.killControllers();
    await startController();
    const status = await stop('rec');
    expect(complete(status)).toBe('False MediaLost');
    const [{ resumedAt = '', lastMediaAt = '' } = {}] = status.parts ?? [];
    const pause = (Date.parse(resumedAt) - Date.parse(lastMediaAt)) / 1000;
    expect(status.missingSeconds).toBeCloseTo(6600 + pause, 2);
    expect(await missingCounters(metricsPort)).toMatchObject({ 'incomplete MediaLost': 1 });
  });

  it('nothing of a lost recorder can be saved: all of it is missing', async () => {
    world.kubelet.onSalvage = () => ({
      exitCode: 10,
      message: JSON.stringify({
        outcome: 'failed',
        reason: 'NothingReceived',
        error: { code: 'NothingStored', message: 'there is no part in S3' },
      }),
    });
    await twoHoursLost();
    await world.until('rec', 'given up', ({ status }) => status?.parts?.[0]?.state === 'Lost');
    const status = await stop('rec');
    expect(complete(status)).toBe('False MediaLost');
    expect(status.missingSeconds).toBeGreaterThanOrEqual(7200);
    expect(status.durationSeconds).toBe(12.5);
    expect(status.gaps).toMatchObject([{ from: status.startedAt, reason: 'RecorderLost' }]);
  });

  it('a lost recorder was saved to its last packet: complete, but for the time until the next one', async () => {
    const told = { durationSeconds: 7200, complete: true, missingSeconds: 0 };
    world.kubelet.onSalvage = (key) => salvage(key, { ...told, manifest: { key: manifestKey(key) } });
    await twoHoursLost();
    const status = await stop('rec');
    expect(complete(status)).toBe('True EverythingStored');
    expect(status.missingSeconds).toBeGreaterThan(0);
    expect(status.gaps).toMatchObject([{ reason: 'RecorderLost' }]);
    expect(status.manifest).toEqual({ bucket: 'test-bucket', key: manifestKey(status.file?.key ?? '') });
    expect(await incompleteEvents(world, 'rec')).toEqual([]);
    expect(Object.keys(await missingCounters(metricsPort))).toEqual(['missing RecorderLost']);
  });
});
