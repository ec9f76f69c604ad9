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
  let failure: Error | undefined;
  let held: Promise<unknown> = Promise.resolve();
  const client = {
    create: async (_resource: unknown, object: KubeObject) => {
      await held;
      if (failure) throw failure;
      created.push(object as unknown as Record<string, unknown>);
      return { ...object, metadata: { ...object.metadata, name: `event-${created.length}` } };
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
    log: pino({ level: 'silent' }),
    controller: 'meetrec.dev/controller',
    instance: 'pod',
    maxPending: 5,
  });
  return { clock, created, patched, recorder, fail: (error?: Error) => (failure = error), hold };
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
        metadata: { namespace: 'ns', generateName: 'a-' },
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

  it('drops events rather than hold work up, and survives an API server that refuses them', async () => {
    const { recorder, created, fail } = setup();
    fail(new Error('away'));
    for (let i = 0; i < 20; i++) recorder.record(object, { ...started, note: String(i) });
    await recorder.flush();
    fail();
    recorder.record(object, started);
    await recorder.flush();
    expect(created).toHaveLength(1);
  });

  it('does not keep a process that ends for longer than it may', async () => {
    const { recorder, created, clock, hold } = setup();
    const release = hold();
    recorder.record(object, started);
    recorder.record(object, { ...started, note: 'a second one' });
    const closing = recorder.close(5000);
    await clock.advance(5000);
    await closing;
    release();
    await recorder.flush();
    expect(created).toHaveLength(1);
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
