import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { journalKey } from '../../recorder-image/contract/object-keys.ts';
import { Kubectl } from '../install/kubectl.ts';
import { freePort } from '../support/free-port.ts';
import { complete, incompleteEvents, missingCounters } from './controller-support/completeness.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('what is missing from a recording', () => {
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
  const gap = { from: '2026-01-01T10:00:00Z', to: '2026-01-01T10:00:05Z' };
  it.each([
    ['everything is there', { complete: true, missingSeconds: 0 }, 'True EverythingStored', 0, {}],
    [
      'media is missing',
      {
        complete: false,
        incompleteReason: 'MediaLost',
        incompleteMessage: '125 packets',
        missingSeconds: 2.7,
      },
      'False MediaLost',
      2.7,
      { 'incomplete MediaLost': 1, 'missing MediaLost': 2.7 },
    ],
    [
      'a track was left out',
      { complete: false, incompleteReason: 'TrackLeftOut', incompleteMessage: 'video vvc1' },
      'False TrackLeftOut',
      0,
      { 'incomplete TrackLeftOut': 1 },
    ],
    [
      'no file could be made but of the journal',
      { complete: false, incompleteReason: 'NotMuxed', format: 'flv' },
      'False NotMuxed',
      0,
      { 'incomplete NotMuxed': 1 },
    ],
    [
      'the disk was full for a while',
      { complete: false, incompleteReason: 'MediaLost', gaps: [{ ...gap, reason: 'DiskFull' }] },
      'False MediaLost',
      5,
      { 'incomplete MediaLost': 1, 'missing DiskFull': 5 },
    ],
    [
      'an older recorder does not say',
      { complete: undefined, missingSeconds: undefined },
      'Unknown NotReported',
      undefined,
      {},
    ],
    [
      'a newer one has reasons of its own',
      {
        complete: false,
        incompleteReason: 'EatenByGoats',
        missingSeconds: 1,
        gaps: [{ ...gap, reason: 'MoonPhase' }],
      },
      'False MediaLost',
      1,
      { 'incomplete MediaLost': 1, 'missing MediaLost': 1 },
    ],
  ] as const)('the result says that %s', async (_what, said, told, missingSeconds, counted) => {
    await startController();
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    const stub = world.kubelet.stub('rec-1');
    const key = 'format' in said ? journalKey(stub?.key ?? '', 1) : stub?.key;
    if (stub) stub.onSigterm = () => stub.result('Stopped', { key, ...said });
    const status = await stop('rec');
    expect(complete(status)).toBe(told);
    expect(status.missingSeconds).toBe(missingSeconds);
    const format = 'format' in said ? said.format : 'mp4';
    expect(status).toMatchObject({ reason: 'StopRequested', file: { sizeBytes: 123_456, format, key } });
    if ('incompleteMessage' in said) expect(status.message).toContain(said.incompleteMessage);
    expect(await incompleteEvents(world, 'rec')).toHaveLength(told.startsWith('False') ? 1 : 0);
    expect(await missingCounters(metricsPort)).toEqual(counted);
  });

  it('a recording that failed with what had come has lost it; one to which nothing came lacks nothing', async () => {
    await startController();
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    const full = world.kubelet.stub('rec-1')?.failure('DiskFull', 12);
    if (full) await world.kubelet.exit('rec-1', full);
    const { status = {} } = await world.untilPhase('rec', 'Failed');
    expect(complete(status)).toBe('False MediaLost');
    expect(await incompleteEvents(world, 'rec', 'Failed')).toHaveLength(1);

    world.agora.onPush = () => undefined;
    await world.record('unheard');
    await world.until('unheard', 'waiting', ({ status }) => status?.agora !== undefined);
    const nobody = world.kubelet.stub('unheard-1')?.failure('NoPublisher', 10);
    if (nobody) await world.kubelet.exit('unheard-1', nobody);
    const unheard = (await world.untilPhase('unheard', 'Failed')).status ?? {};
    expect(complete(unheard)).toBe('True NothingAccepted');
    expect(unheard.missingSeconds).toBe(0);
    expect(await incompleteEvents(world, 'unheard', 'Failed')).toEqual([]);
  });

  it('can be waited for with kubectl, and is shown by it', async () => {
    const kubectl = await Kubectl.for({ kubeconfig: cluster.api.kubeconfig, namespace: world.namespace });
    await startController();
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    expect(await kubectl.run('get', 'mrec', 'rec', '-o', 'wide')).toMatch(/Recording .*\bUnknown\b/);
    const waiting = kubectl.run('wait', '--for=condition=Complete', 'mrec/rec', '--timeout=60s');
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    expect(await waiting).toContain('condition met');

    await world.record('lossy');
    await world.untilPhase('lossy', 'Recording');
    const stub = world.kubelet.stub('lossy-1');
    const said = { complete: false, incompleteReason: 'MediaLost', missingSeconds: 6600.5 };
    if (stub) stub.onSigterm = () => stub.result('Stopped', said);
    const lost = kubectl.run('wait', '--for=condition=Complete=False', 'mrec/lossy', '--timeout=60s');
    await world.patchSpec('lossy', { desiredState: 'Stopped' });
    expect(await lost).toContain('condition met');
    const [header = '', ...rows] = (await kubectl.run('get', 'mrec', '-o', 'wide')).trimEnd().split('\n');
    expect(header).toMatch(/NODE\s+POD\s+COMPLETE\s+MISSING\s+KEY$/);
    expect(rows).toEqual([
      expect.stringMatching(/^lossy .* lossy-1 +False +6600\.5 +recordings\/\S+\.mp4$/),
      expect.stringMatching(/^rec .* rec-1 +True +0 +recordings\/\S+\.mp4$/),
    ]);
  });
});
