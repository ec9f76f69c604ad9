import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MeetingRecordingStatus } from '../../operator/crd/status.ts';
import { EVENTS } from '../../operator/runtime/event-recorder.ts';
import { Kubectl } from '../install/kubectl.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Exit } from './controller-support/recorder-stub.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

/** Two hours of media are no reason to end. */
const LONG = { maxDurationSeconds: 86_400 };

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
  /** The counters of what is missing that are not zero. */
  const counters = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const lines = [
      ...text.matchAll(/^meetrec_recordings?_(incomplete|missing)_?\w*\{reason="(\w+)"\} (\S+)$/gm),
    ];
    expect(lines).toHaveLength(8);
    return Object.fromEntries(
      lines.flatMap(([, what, reason, value]) =>
        Number(value) > 0 ? [[`${what} ${reason}`, Number(value)]] : [],
      ),
    );
  };
  const stop = async (name: string, phase = 'Completed') => {
    await world.patchSpec(name, { desiredState: 'Stopped' });
    return (await world.untilPhase(name, phase)).status ?? {};
  };
  const complete = ({ conditions }: MeetingRecordingStatus) => {
    const { status, reason } = conditions?.find(({ type }) => type === 'Complete') ?? {};
    return `${status} ${reason}`;
  };
  /** The notes of the events that something is missing, once the recording's end was told. */
  const warnings = async (name: string, phase = 'Completed') =>
    await waitFor(
      async () => {
        const { items } = await cluster.kube.list(EVENTS, { namespace: world.namespace });
        const told = items as unknown as {
          regarding: { name: string };
          type: string;
          reason: string;
          action: string;
          note: string;
          series?: object;
        }[];
        const own = told.filter(({ regarding }) => regarding.name === name);
        const ends = own.filter(({ action, reason }) => action === phase && reason !== 'RecordingIncomplete');
        return ends.length > 0 ? own.filter(({ reason }) => reason === 'RecordingIncomplete') : undefined;
      },
      { what: `the event of the end of ${name}` },
    );
  const salvage = (said: object): Exit => ({
    exitCode: 0,
    reason: 'Completed',
    message: JSON.stringify({
      outcome: 'completed',
      reason: 'Salvaged',
      bucket: 'test-bucket',
      key: 'recordings/meeting-1/rec.mp4',
      url: 's3://test-bucket/recordings/meeting-1/rec.mp4',
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
    world.kubelet.onSalvage = () => salvage({ durationSeconds: 600 });
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
    const told = await warnings('rec');
    expect(told).toMatchObject([{ type: 'Warning' }]);
    expect(told[0]?.note).toContain('1 h 50 min');
    expect(told[0]?.series).toBeUndefined();
    const counted = await counters();
    expect(Object.keys(counted)).toEqual(['incomplete MediaLost', 'missing RecorderLost']);
    expect(counted['incomplete MediaLost']).toBe(1);
    expect(counted['missing RecorderLost']).toBeCloseTo(missingSeconds, 1);

    // What was counted and told is not counted and told again.
    await world.killControllers();
    await startController();
    await world.record('other');
    await world.untilPhase('other', 'Recording');
    expect(await counters()).toEqual({});
    expect(await warnings('rec')).toHaveLength(1);
    expect((await world.get('rec')).status).toEqual(status);
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
    const manifest = { key: 'recordings/meeting-1/rec.manifest.json' };
    world.kubelet.onSalvage = () =>
      salvage({ durationSeconds: 7200, complete: true, missingSeconds: 0, manifest });
    await twoHoursLost();
    const status = await stop('rec');
    expect(complete(status)).toBe('True EverythingStored');
    expect(status.missingSeconds).toBeGreaterThan(0);
    expect(status.gaps).toMatchObject([{ reason: 'RecorderLost' }]);
    expect(status.manifest).toEqual({ bucket: 'test-bucket', ...manifest });
    expect(await warnings('rec')).toEqual([]);
    expect(Object.keys(await counters())).toEqual(['missing RecorderLost']);
  });

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
      { complete: false, incompleteReason: 'NotMuxed', format: 'flv', key: 'recordings/meeting-1/rec.flv' },
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
    if (stub) stub.onSigterm = () => stub.result('Stopped', said);
    const status = await stop('rec');
    expect(complete(status)).toBe(told);
    expect(status.missingSeconds).toBe(missingSeconds);
    expect(status).toMatchObject({ reason: 'StopRequested', file: { sizeBytes: 123_456 } });
    if ('format' in said) expect(status.file).toMatchObject({ format: said.format, key: said.key });
    if ('incompleteMessage' in said) expect(status.message).toContain(said.incompleteMessage);
    expect(await warnings('rec')).toHaveLength(told.startsWith('False') ? 1 : 0);
    expect(await counters()).toEqual(counted);
  });

  it('a recording that failed with what had come has lost it; one to which nothing came lacks nothing', async () => {
    await startController();
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    const full = world.kubelet.stub('rec-1')?.failure('DiskFull', 12);
    if (full) await world.kubelet.exit('rec-1', full);
    const { status = {} } = await world.untilPhase('rec', 'Failed');
    expect(complete(status)).toBe('False MediaLost');
    expect(await warnings('rec', 'Failed')).toHaveLength(1);

    world.agora.onPush = () => undefined;
    await world.record('unheard');
    await world.until('unheard', 'waiting', ({ status }) => status?.agora !== undefined);
    const nobody = world.kubelet.stub('unheard-1')?.failure('NoPublisher', 10);
    if (nobody) await world.kubelet.exit('unheard-1', nobody);
    const unheard = (await world.untilPhase('unheard', 'Failed')).status ?? {};
    expect(complete(unheard)).toBe('True NothingAccepted');
    expect(unheard.missingSeconds).toBe(0);
    expect(await warnings('unheard', 'Failed')).toEqual([]);
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
      expect.stringMatching(/^lossy .* lossy-1 +False +6600\.5 +recordings\/meeting-1\/lossy\.mp4$/),
      expect.stringMatching(/^rec .* rec-1 +True +0 +recordings\/meeting-1\/rec\.mp4$/),
    ]);
  });
});
