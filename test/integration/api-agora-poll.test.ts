import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgoraMediaPush } from '../../operator/agora/agora-media-push.ts';
import { Database } from '../../operator/meetings/database.ts';
import { startAgoraSimulator } from '../agora-simulator/start.ts';
import type { AgoraSimulator } from '../agora-simulator/start.ts';
import { waitFor } from '../support/wait-for.ts';
import { AgoraMeetings } from './api-agora-meetings.ts';
import { ApiWorld } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let agora: AgoraSimulator;
let api: RunningApi;
let meetings: AgoraMeetings;
let environment: Record<string, string>;
let database: Database;

beforeAll(async () => {
  world = await ApiWorld.start();
  // It tells nobody of anything.
  agora = await startAgoraSimulator({ autoChannel: false });
  const uri = world.databaseUri();
  database = new Database({
    uri,
    onError: (error) => {
      throw error;
    },
  });
  await database.connect(AbortSignal.timeout(60_000));
  environment = {
    ...world.environment(uri),
    AGORA_APP_ID: agora.options.appId,
    AGORA_CUSTOMER_ID: agora.options.customerId,
    AGORA_CUSTOMER_SECRET: agora.options.customerSecret,
    AGORA_REST_API_BASE_URL: agora.baseUrl,
    AGORA_POLL_INTERVAL: '1',
    MEETING_END_GRACE: '1',
    SWEEP_INTERVAL: '1',
  };
  api = await world.startApi(environment);
  meetings = new AgoraMeetings(api);
}, 120_000);

afterAll(async () => {
  await api.stop();
  await database[Symbol.asyncDispose]();
  await agora[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const register = (meetingId: string, body: Record<string, unknown> = {}): Promise<Reply> =>
  meetings.register(meetingId, { channel: meetingId, ...body });

const people = async (meetingId: string): Promise<string | undefined> =>
  (await world.annotationsOf(meetingId))['meetrec.dev/participants'];
const wish = async (meetingId: string): Promise<string | undefined> =>
  (await world.objectsOf(meetingId))[0]?.spec.desiredState;
/** Until Agora was asked for the channel so many times more. */
const waitForLooks = async (channel: string, count: number): Promise<void> => {
  const looks = (): number =>
    agora.log.requests.filter((it) => it.operation === 'users' && it.channel === channel).length;
  const from = looks();
  await waitFor(() => looks() >= from + count, { what: 'Agora to be asked again' });
};

/** What Agora tells, and that it is taken in. */
async function tell(eventType: number, channelName: string, uid: number, at: number): Promise<void> {
  expect((await meetings.tell(eventType, channelName, uid, { at })).status).toBe(200);
}

describe('without any webhook', () => {
  it('a channel that begins is recorded, those in it are known, and its end stops the recording', async () => {
    await register('standup', { autoStart: true, layout: 'grid' });
    await waitForLooks('standup', 2);
    expect(await world.objectsOf('standup')).toEqual([]);
    agora.channels.join('standup', 7, 'Ada');
    await waitFor(async () => (await people('standup')) === '7', { what: 'the recording of the first' });
    agora.channels.join('standup', 3, 'Grace');
    await waitFor(async () => (await people('standup')) === '7,3', { what: 'the second to be known' });
    agora.channels.leave('standup', 7);
    await waitFor(async () => (await people('standup')) === '3', { what: 'the first to be gone' });
    expect(await wish('standup')).toBe('Recording');
    agora.channels.leave('standup', 3);
    await waitFor(async () => (await wish('standup')) === 'Stopped', { what: 'the end' });
    const [object, ...others] = await world.objectsOf('standup');
    expect(others).toEqual([]);
    expect(object?.metadata.annotations).toMatchObject({
      'meetrec.dev/stop-reason': 'MeetingEnded',
      'meetrec.dev/participants': '',
    });
  });

  it('a recording that was stopped stays so while somebody is there, and the next meeting has its own', async () => {
    await register('again', { autoStart: true });
    agora.channels.join('again', 7, 'Ada');
    await waitFor(async () => (await world.objectsOf('again')).length === 1, { what: 'the first start' });
    const [first] = await world.objectsOf('again');
    await meetings.act('again', 'stop');
    await world.setStatus(first?.metadata.name ?? '', { phase: 'Failed', reason: 'NothingReceived' });
    await waitForLooks('again', 3);
    expect(await world.objectsOf('again')).toHaveLength(1);
    agora.channels.leave('again', 7);
    await waitFor(async () => (await database.channels.findById('again'))?.session === null, {
      what: 'the end of the meeting',
    });
    agora.channels.join('again', 7, 'Ada');
    await waitFor(async () => (await world.objectsOf('again')).length === 2, { what: 'the second start' });
  });

  it('a recording that waits for the first to come is left alone', async () => {
    await register('early');
    expect((await meetings.act('early', 'start')).status).toBe(202);
    await waitForLooks('early', 4);
    expect(await wish('early')).toBe('Recording');
  });
});

describe('a push without anybody in its channel', () => {
  it('starts no recording, though Agora lists it', async () => {
    await register('pushed', { autoStart: true });
    const { appId, customerId, customerSecret, logger } = agora.options;
    const baseUrls = [agora.baseUrl];
    const push = new AgoraMediaPush({ baseUrls, appId, customerId, customerSecret, logger });
    await push.start({
      name: 'left-over',
      channel: 'pushed',
      region: 'eu',
      rtmpUrl: 'rtmp://127.0.0.1:1/live/key',
      ...{ width: 640, height: 360, fps: 15, bitrateKbps: 500 },
    });
    await waitForLooks('pushed', 3);
    expect(await world.objectsOf('pushed')).toEqual([]);
  });
});

describe('news that is older than an answer', () => {
  it('changes nothing', async () => {
    await register('late', { layout: 'grid' });
    agora.channels.join('late', 7, 'Ada');
    await meetings.act('late', 'start');
    await waitFor(async () => (await people('late')) === '7', { what: 'the one who is there' });
    const longAgo = Math.floor(Date.now() / 1000) - 60;
    await tell(104, 'late', 7, longAgo);
    await tell(103, 'late', 9, longAgo);
    expect(await people('late')).toBe('7');
    expect(await wish('late')).toBe('Recording');
  });
});

describe('an Agora that', () => {
  it.each([
    ['fails', { kind: 'status', status: 500 }],
    ['does not answer', { kind: 'hang' }],
  ] as const)(
    '%s ends no recording, and the API serves',
    async (_, fault) => {
      const meetingId = `faulty-${fault.kind}`;
      // A replica of its own: it has no pauses to wait for from the fault before.
      await api.stop();
      api = await world.startApi({ ...environment, MONGODB_URI: world.databaseUri() });
      meetings = new AgoraMeetings(api);
      await register(meetingId, { layout: 'grid' });
      agora.channels.join(meetingId, 7, 'Ada');
      await meetings.act(meetingId, 'start');
      await waitFor(async () => (await people(meetingId)) === '7', { what: 'the one who is there' });
      agora.faults.replace([{ match: { operation: 'users' }, fault, count: 1000 }]);
      agora.channels.leave(meetingId, 7);
      await waitFor(() => (agora.faults.list()[0]?.count ?? 0) <= 998, {
        what: 'Agora to fail twice',
        timeoutMs: 60_000,
      });
      expect(await wish(meetingId)).toBe('Recording');
      expect((await fetch(`${api.origin}/readyz`)).status).toBe(200);
      agora.faults.replace([]);
      await waitFor(async () => (await wish(meetingId)) === 'Stopped', {
        what: 'the end to be noticed',
        timeoutMs: 60_000,
      });
    },
    150_000,
  );
});
