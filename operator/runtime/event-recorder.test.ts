import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { EventRecorder } from './event-recorder.ts';
import { ApiError } from './kube/api-error.ts';
import type { KubeObject } from './kube/objects.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';

function setup() {
  const clock = new FakeClock();
  const created: Record<string, unknown>[] = [];
  const patched: unknown[] = [];
  const names = new Set<unknown>();
  let tries = 0;
  let failure: Error | undefined;
  let unheard: Error | undefined;
  let lost = 0;
  let held: Promise<unknown> = Promise.resolve();
  const client = {
    create: async (_resource: unknown, object: KubeObject) => {
      await held;
      tries++;
      if (failure) throw failure;
      if (names.has(object.metadata.name))
        throw new ApiError({ status: 409, reason: 'AlreadyExists', message: 'exists' });
      names.add(object.metadata.name);
      created.push(object as unknown as Record<string, unknown>);
      if (unheard) throw unheard;
      return object;
    },
    patch: async (_resource: unknown, ref: unknown, { body }: { body: object }) => {
      await Promise.resolve();
      if (failure) throw failure;
      patched.push({ ref, body });
      return { metadata: {} };
    },
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    held = promise;
    return () => resolve(undefined);
  };
  const recorder = new EventRecorder({
    client: client as unknown as ConstructorParameters<typeof EventRecorder>[0]['client'],
    clock,
    random: () => 0,
    onLost: () => lost++,
    log: pino({ level: 'silent' }),
    controller: 'meetrec.dev/controller',
    instance: 'pod',
    maxPending: 5,
  });
  return {
    clock,
    created,
    patched,
    recorder,
    /** The API server does nothing but this. */
    fail: (error?: Error) => (failure = error),
    /** The API server does what it is asked, and its answers are lost. */
    loseAnswers: (error?: Error) => (unheard = error),
    hold,
    figures: () => ({ tries, lost }),
  };
}

const object = { apiVersion: 'v1', kind: 'Thing', metadata: { namespace: 'ns', name: 'a', uid: 'u1' } };
const started = { type: 'Normal', reason: 'Started', action: 'Starting', note: 'it starts' } as const;

describe('the event recorder', () => {
  it('tells what happened, to which object, and who says so', async () => {
    const { recorder, created } = setup();
    recorder.record(object, started);
    await recorder.flush();
    expect(created).toEqual([
      expect.objectContaining({
        ...started,
        metadata: { namespace: 'ns', name: 'a.19b76daa800.0' },
        regarding: expect.objectContaining({ kind: 'Thing', name: 'a', uid: 'u1' }) as unknown,
        reportingController: 'meetrec.dev/controller',
        reportingInstance: 'pod',
        eventTime: '2026-01-01T00:00:00.000000Z',
      }),
    ]);
  });

  it('counts what repeats, and tells it anew when the first has expired', async () => {
    const { recorder, created, patched, fail } = setup();
    recorder.record(object, started);
    recorder.record(object, started);
    recorder.record(object, started);
    await recorder.flush();
    expect(created).toHaveLength(1);
    expect(patched).toMatchObject([{ body: { series: { count: 2 } } }, { body: { series: { count: 3 } } }]);
    fail(new ApiError({ status: 404, reason: 'NotFound', message: 'gone' }));
    recorder.record(object, started);
    await recorder.flush();
    fail();
    recorder.record(object, started);
    await recorder.flush();
    expect(created.length + patched.length).toBe(4);
  });

  it('tells the same of another object, another action, or much later, as something new', async () => {
    const { recorder, created, clock } = setup();
    recorder.record(object, started);
    recorder.record({ ...object, metadata: { ...object.metadata, uid: 'u2' } }, started);
    recorder.record(object, { ...started, action: 'Ending' });
    await recorder.flush();
    await clock.advance(11 * 60_000);
    recorder.record(object, started);
    await recorder.flush();
    expect(created).toHaveLength(4);
  });

  it('drops events rather than hold work up, and counts what is lost', async () => {
    const { recorder, created, hold, figures } = setup();
    const release = hold();
    for (let i = 0; i < 20; i++) recorder.record(object, { ...started, note: String(i) });
    release();
    await recorder.flush();
    expect(created).toHaveLength(5);
    expect(figures().lost).toBe(15);
    recorder.record(object, started);
    await recorder.flush();
    expect(created).toHaveLength(6);
  });

  it.each([
    ['is away', new Error('connect ECONNREFUSED')],
    ['is busy', new ApiError({ status: 429, reason: 'TooManyRequests', message: 'busy' })],
    ['is ill', new ApiError({ status: 500, reason: 'InternalError', message: 'etcd' })],
  ])('sends what it has, in order, once an API server is back that %s', async (_what, trouble) => {
    const { recorder, created, clock, fail, figures } = setup();
    fail(trouble);
    recorder.record(object, started);
    recorder.record(object, { ...started, note: 'second' });
    await clock.advance(40_000);
    expect(created).toEqual([]);
    fail();
    await clock.advance(10_000);
    expect(created).toMatchObject([{ note: 'it starts' }, { note: 'second' }]);
    expect(created[0]).toMatchObject({ eventTime: '2026-01-01T00:00:00.000000Z' });
    expect(figures().lost).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('gives an event up that is refused, or that can’t be sent for minutes', async () => {
    const { recorder, clock, fail, figures } = setup();
    fail(new ApiError({ status: 403, reason: 'Forbidden', message: 'the namespace is being terminated' }));
    recorder.record(object, started);
    await recorder.flush();
    expect(figures()).toEqual({ tries: 1, lost: 1 });
    fail(new Error('away'));
    recorder.record(object, started);
    await clock.advance(10 * 60_000);
    expect(figures()).toEqual({ tries: 17, lost: 2 });
  });

  it('waits for as long as it is asked to', async () => {
    const { recorder, clock, fail, figures } = setup();
    const busy = { status: 429, reason: 'TooManyRequests', message: 'busy', retryAfterMs: 20_000 };
    fail(new ApiError(busy));
    recorder.record(object, started);
    await clock.advance(19_999);
    expect(figures().tries).toBe(1);
    await clock.advance(1);
    expect(figures().tries).toBe(2);
  });

  it('makes no second event of one whose answer was lost', async () => {
    const { recorder, created, patched, clock, loseAnswers } = setup();
    loseAnswers(new Error('socket hang up'));
    recorder.record(object, started);
    await settle();
    loseAnswers();
    await clock.advance(10_000);
    expect(created).toHaveLength(1);
    recorder.record(object, started);
    await recorder.flush();
    expect(patched).toMatchObject([{ ref: { namespace: 'ns', name: 'a.19b76daa800.0' } }]);
  });

  it('does not keep a process that ends for longer than it may', async () => {
    const { recorder, created, clock, hold, figures } = setup();
    const release = hold();
    recorder.record(object, started);
    recorder.record(object, { ...started, note: 'a second one' });
    const closing = recorder.close(5000);
    await clock.advance(5000);
    await closing;
    release();
    await recorder.flush();
    expect(created).toHaveLength(1);
    expect(figures().lost).toBe(1);
  });

  it('does not let one object wait for another', async () => {
    const { recorder, created, hold } = setup();
    const release = hold();
    recorder.record(object, started);
    await settle();
    hold()();
    recorder.record({ ...object, metadata: { ...object.metadata, name: 'b', uid: 'u2' } }, started);
    await settle();
    expect(created).toHaveLength(1);
    release();
    await recorder.flush();
    expect(created).toHaveLength(2);
  });
});
