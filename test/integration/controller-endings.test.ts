import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS, PODS } from '../../operator/controller/kube-objects.ts';
import { EVENTS } from '../../operator/runtime/event-recorder.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('the end of a recording', () => {
  let cluster: Cluster;
  let world: TestWorld;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    world = await TestWorld.start(cluster);
  });
  afterEach(async () => {
    expect(world.kubelet.errors).toEqual([]);
    await world[Symbol.asyncDispose]();
  });

  const recording = async (name = 'rec', spec: Parameters<TestWorld['record']>[1] = {}) => {
    await world.record(name, spec);
    return await world.untilPhase(name, 'Recording');
  };
  const stub = (pod: string) => {
    const found = world.kubelet.stub(pod);
    if (!found) throw new Error(`no pod ${pod}`);
    return found;
  };
  /** Nothing is left but the object. */
  const untilLetGo = async (name: string) => {
    const object = await world.until(name, 'let go', ({ metadata }) => !metadata.finalizers?.length);
    await world.untilNoPods();
    expect(world.agora.converters.size).toBe(0);
    return object;
  };
  const eventsOf = async (name: string) => {
    const { items } = await cluster.kube.list(EVENTS, { namespace: world.namespace });
    return (items as unknown as { regarding: { name: string }; reason: string; action: string }[])
      .filter((event) => event.regarding.name === name)
      .map((event) => `${event.action} ${event.reason}`);
  };

  it('deleting the object ends the recording properly first', async () => {
    await world.startController();
    await recording();
    await world.delete('rec');
    await world.untilGone('rec');
    await world.untilNoPods();
    expect(world.agora.converters.size).toBe(0);
    const events = await waitFor(
      async () => {
        const all = await eventsOf('rec');
        return all.includes('Completed Deleted') ? all : undefined;
      },
      { what: 'the event of the end' },
    );
    expect(events).toContain('Stopping Deleted');
    expect(new Set(events).size).toBe(events.length);
  });

  it('a recorder that ends by itself: its reason, and its push ended', async () => {
    await world.startController();
    await recording();
    stub('rec-1').become('uploading');
    await world.untilPhase('rec', 'Stopping');
    await world.kubelet.exit('rec-1', stub('rec-1').result('MaxDurationReached'));
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({ reason: 'MaxDurationReached', agora: { state: 'ended' } });
    await untilLetGo('rec');
  });

  it('no publisher: Failed with that reason, and the kubelet does not start over', async () => {
    world.agora.onPush = () => undefined;
    await world.startController();
    await world.record('rec');
    await world.until('rec', 'waiting', ({ status }) => status?.agora !== undefined);
    await world.kubelet.exit('rec-1', stub('rec-1').failure('NoPublisher', 10, 'nobody came within 120 s'));
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status).toMatchObject({ reason: 'NoPublisher', message: 'nobody came within 120 s' });
    await untilLetGo('rec');
  });

  it('a recorder that refuses its configuration: Failed with its words', async () => {
    world.kubelet.starts = true;
    await world.startController();
    await recording();
    await world.kubelet.exit('rec-1', stub('rec-1').failure('BadConfiguration', 13, 'S3_KEY is required'));
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status).toMatchObject({ reason: 'RecorderMisconfigured', message: 'S3_KEY is required' });
    await untilLetGo('rec');
  });

  it('a recorder that dies and is started again in place goes on, and the status tells', async () => {
    await world.startController();
    const before = await recording();
    await world.kubelet.exit('rec-1', { exitCode: 1, message: 'out of luck', reason: 'Error' });
    const after = await world.until('rec', 'told', ({ status }) => status?.lastTermination !== undefined);
    expect(after.status).toMatchObject({
      phase: 'Recording',
      podName: 'rec-1',
      startedAt: before.status?.startedAt,
      lastTermination: { exitCode: 1, message: 'out of luck', node: 'fake-node' },
    });
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    await untilLetGo('rec');
    expect(world.kubelet.everSeen).toHaveLength(1);
  });

  it('a recorder that its supervisor starts again goes on, and the status and one event for each death tell', async () => {
    await world.startController();
    await recording();
    for (const times of ['once', '2 times']) {
      stub('rec-1').startAgain();
      const { status } = await world.until(
        'rec',
        `told ${times}`,
        ({ status }) => status?.lastTermination?.message.includes(times) ?? false,
      );
      const lastTermination = { exitCode: 137, reason: 'SIGKILL', node: 'fake-node' };
      expect(status).toMatchObject({ phase: 'Recording', reason: 'Reconnecting', lastTermination });
      stub('rec-1').become('recording');
    }
    const deaths = async () =>
      (await eventsOf('rec')).filter((event) => event === 'StartingAgain RecorderDied');
    await waitFor(async () => (await deaths()).length === 2, { what: 'both deaths to be told of' });
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    await untilLetGo('rec');
    expect(await deaths()).toHaveLength(2);
  });

  it('a file that S3 refuses stays in the pod and is tried again, until it is stored', async () => {
    await world.startController();
    await recording();
    const refusal = stub('rec-1').failure('UploadFailed', 11, 'The bucket does not exist');
    await world.kubelet.exit('rec-1', refusal);
    const { status } = await world.until('rec', 'waiting', ({ status }) => status?.reason === 'UploadFailed');
    expect(status).toMatchObject({ phase: 'Stopping', message: 'The bucket does not exist' });
    expect(world.kubelet.pods.map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined]);
    await world.kubelet.exit('rec-1', stub('rec-1').result('PublisherLost'));
    expect((await world.untilPhase('rec', 'Completed')).status).toMatchObject({ reason: 'PublisherLost' });
    await untilLetGo('rec');
  });

  it('a file that S3 refuses for longer than the window: Failed with the recorder’s message', async () => {
    await world.startController({ UPLOAD_RETRY_WINDOW: '1' });
    await recording();
    await world.kubelet.exit('rec-1', stub('rec-1').failure('UploadFailed', 11, 'The bucket does not exist'));
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status).toMatchObject({ reason: 'UploadFailed', message: 'The bucket does not exist' });
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Uploaded', status: 'False', reason: 'UploadFailed' }),
    );
    await untilLetGo('rec');
  });

  it('a pod that is deleted by somebody else is a drain: the file is kept', async () => {
    await world.startController();
    await recording();
    await cluster.kube.delete(PODS, { namespace: world.namespace, name: 'rec-1' });
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({ reason: 'Drained', file: { bucket: 'test-bucket' } });
    await untilLetGo('rec');
  });

  it('wrong Agora credentials: Failed, and the pod goes', async () => {
    world.agora.refuse = () => ({ status: 401, body: { message: 'Invalid authentication credentials' } });
    await world.startController();
    await world.record('rec');
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status?.reason).toBe('AgoraUnauthorized');
    expect(status?.message).not.toContain('secret');
    await untilLetGo('rec');
  });

  it('no Agora credentials at all: Failed before there is a pod', async () => {
    await world.startController({ AGORA_APP_ID: '' });
    await world.record('rec');
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status?.reason).toBe('AgoraNotConfigured');
    expect(world.kubelet.everSeen).toEqual([]);
  });

  it('a recorder that never gets ready: Failed with what holds it up', async () => {
    world.kubelet.starts = false;
    await world.startController({ START_TIMEOUT: '1' });
    await world.record('rec');
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status?.reason).toBe('StartTimeout');
    await world.untilNoPods();
  });

  it('a maximum duration that is lowered while recording ends it on time', async () => {
    await world.startController();
    await recording();
    await world.patchSpec('rec', { maxDurationSeconds: 1 });
    const { status } = await world.untilPhase('rec', 'Completed');
    expect(status?.reason).toBe('MaxDurationReached');
    await untilLetGo('rec');
  });

  it('a maximum duration that is raised while recording is told to the recorder', async () => {
    await world.startController();
    await recording();
    await world.patchSpec('rec', { maxDurationSeconds: 9000 });
    await waitFor(
      () => world.kubelet.pods[0]?.metadata.annotations?.['meetrec.dev/max-duration-seconds'] === '9000',
      { what: 'the pod to be told' },
    );
    expect((await world.get('rec')).status?.phase).toBe('Recording');
  });

  it('an object that is deleted while Agora is dead goes when Agora is back, its file kept at once', async () => {
    await world.startController();
    await recording();
    world.agora.refuse = () => ({ status: 500, body: { message: 'internal' } });
    await world.delete('rec');
    const { status, metadata } = await world.untilPhase('rec', 'Completed');
    expect(status).toMatchObject({ reason: 'Deleted', file: { bucket: 'test-bucket' } });
    expect(metadata.finalizers).toEqual(['meetrec.dev/recording']);
    world.agora.refuse = undefined;
    await world.untilGone('rec');
    expect(world.agora.converters.size).toBe(0);
  });

  it('an object that is deleted while S3 is dead goes all the same: its recorder is given up', async () => {
    await world.startController({ RECORDER_TERMINATION_GRACE_SECONDS: '1' });
    await recording();
    world.kubelet.onSalvage = () => ({
      exitCode: 11,
      message: stub('rec-1-salvage').failure('UploadFailed', 11, 'S3 does not answer').message,
    });
    const dying = stub('rec-1');
    dying.become('uploading');
    await world.untilPhase('rec', 'Stopping');
    // Killed at the end of its grace period, with the file in its spool.
    dying.onSigterm = () => ({ exitCode: 137, message: '', reason: 'Error' });
    await world.delete('rec');
    await world.untilGone('rec');
    await world.untilNoPods();
    const headlines = world.history.headlines('rec');
    expect(headlines).toContain('Stopping UploadFailed');
    expect(headlines.at(-1)).toBe('Failed UploadFailed');
    const events = await waitFor(
      async () => {
        const all = await eventsOf('rec');
        return all.includes('Failed UploadFailed') ? all : undefined;
      },
      { what: 'the event of the end' },
    );
    expect(events).toContain('Stopping UploadFailed');
  });

  it('an object that is deleted while its upload is refused does not wait for the whole window', async () => {
    await world.startController({ RECORDER_TERMINATION_GRACE_SECONDS: '1' });
    await recording();
    await world.kubelet.exit('rec-1', stub('rec-1').failure('UploadFailed', 11, 'The bucket does not exist'));
    await world.until('rec', 'waiting', ({ status }) => status?.reason === 'UploadFailed');
    await world.delete('rec');
    await world.untilGone('rec');
    await world.untilNoPods();
    expect(world.history.headlines('rec').at(-1)).toBe('Failed UploadFailed');
  });

  it('an object whose time is up is removed, and the end was told once', async () => {
    await world.startController();
    await recording('rec', { ttlSecondsAfterFinished: 1 });
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilGone('rec');
    await world.untilNoPods();
    const ends = await waitFor(
      async () => {
        const told = (await eventsOf('rec')).filter((event) => event.startsWith('Completed'));
        return told.length > 0 ? told : undefined;
      },
      { what: 'the event of the end' },
    );
    expect(ends).toEqual(['Completed StopRequested']);
  });

  it('the stop’s reason is the one that the annotation gives', async () => {
    await world.startController();
    await recording();
    const body = {
      metadata: { annotations: { 'meetrec.dev/stop-reason': 'MeetingEnded' } },
      spec: { desiredState: 'Stopped' },
    };
    const ref = { namespace: world.namespace, name: 'rec' };
    await cluster.kube.patch(MEETING_RECORDINGS, ref, { type: 'merge', body });
    expect((await world.untilPhase('rec', 'Completed')).status?.reason).toBe('MeetingEnded');
    await untilLetGo('rec');
  });

  it('a recording whose object was removed by force leaves no pod behind', async () => {
    await world.startController();
    await recording();
    const ref = { namespace: world.namespace, name: 'rec' };
    await cluster.kube.delete(MEETING_RECORDINGS, ref);
    await cluster.kube.patch(MEETING_RECORDINGS, ref, {
      type: 'merge',
      body: { metadata: { finalizers: [] } },
    });
    await world.untilGone('rec');
    await world.untilNoPods();
  });

  it('a terminal recording is never worked on again', async () => {
    await world.startController();
    await recording();
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    const finished = await untilLetGo('rec');
    await world.startController();
    await world.record('other');
    await world.untilPhase('other', 'Recording');
    expect((await world.get('rec')).metadata.resourceVersion).toBe(finished.metadata.resourceVersion);
    expect(world.kubelet.everSeen.map(({ name }) => name)).toEqual(['rec-1', 'other-1']);
  });
});
