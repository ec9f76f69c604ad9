import { describe, expect, it } from 'vitest';
import { readLiveStatus } from './live-status.ts';
import { NOW, liveStatus } from './testing/build.ts';

const read = (said: Readonly<Record<string, unknown>>, known = liveStatus({ state: 'reconnecting' })) =>
  readLiveStatus({ ...liveStatus({ version: 7, startedAt: NOW, durationSeconds: 2 }), ...said }, known);

describe('what a recorder says of itself', () => {
  it('is taken as it is where a status can hold it, without what the controller does not read', () => {
    const lastTermination = { exitCode: 137, signal: 'SIGKILL', message: 'out of luck', at: NOW };
    const said = {
      lastMediaAt: '2026-01-01T00:00:02.500+01:00',
      maxDurationSeconds: 7200,
      restarts: 1,
      lastTermination,
      message: 'The store does not answer',
    };
    expect(read({ ...said, uploads: [{ key: 'k' }] })).toEqual({
      status: {
        recordingId: 'rec',
        state: 'recording',
        version: 7,
        startedAt: NOW,
        durationSeconds: 2,
        ...said,
      },
      ignored: {},
    });
  });

  it.each([
    ['startedAt', 'yesterday'],
    ['startedAt', '2026-02-30T00:00:00Z'],
    ['startedAt', '2026-01-01T00:00Z'],
    ['startedAt', 1_767_225_600],
    ['startedAt', null],
    ['lastMediaAt', `2026-01-01T00:00:00.${'0'.repeat(100)}Z`],
    ['durationSeconds', -1],
    ['durationSeconds', 1e300],
    ['durationSeconds', '2'],
    ['maxDurationSeconds', -7200],
    ['restarts', 0.5],
    ['lastTermination', { exitCode: 1, at: 'never' }],
    ['lastTermination', { exitCode: 1e300, at: NOW }],
    ['lastTermination', []],
    ['message', { en: 'waiting' }],
  ])('costs the field alone where it is invalid: %s %j', (field, value) => {
    const { status, ignored } = read({ [field]: value });
    expect(status).not.toHaveProperty(field);
    expect(status).toMatchObject({ recordingId: 'rec', state: 'recording', version: 7 });
    expect(ignored).toEqual({ [field]: JSON.stringify(value).slice(0, 100) });
  });

  it('loses every field that is invalid, and no other', () => {
    const { status, ignored } = read({ startedAt: 'x', durationSeconds: -1, lastMediaAt: NOW });
    expect(Object.keys(ignored).toSorted()).toEqual(['durationSeconds', 'startedAt']);
    expect(status.lastMediaAt).toBe(NOW);
  });

  it('is cut where it is too long, between characters', () => {
    const long = 'x'.repeat(1023) + '🎬'.repeat(5000);
    const termination = { exitCode: 1, signal: long, message: long, at: NOW };
    const { status, ignored } = read({ message: long, lastTermination: termination });
    const texts = [status.message, status.lastTermination?.signal, status.lastTermination?.message];
    for (const text of texts) expect(text).toBe(`${'x'.repeat(1023)}\uFFFD`);
    expect(ignored).toEqual({});
  });

  it('leaves the state before it where the state is one of a newer recorder', () => {
    const { status, ignored } = read({ state: 'remuxing' });
    expect([status.state, status.durationSeconds]).toEqual(['reconnecting', 2]);
    expect(ignored).toEqual({ state: '"remuxing"' });
    const first = readLiveStatus({ recordingId: 'rec', version: 1, state: 'remuxing' }, undefined);
    expect(first.status.state).toBeUndefined();
  });

  it('is asked for from the beginning where it has no version that counts', () => {
    expect(read({ version: -1 }).status.version).toBe(0);
    expect(read({ version: 'v2' }).status.version).toBe(0);
  });

  it.each([[undefined], [null], ['recording'], [[]], [{}], [{ recordingId: 7, state: 'recording' }]])(
    'is none where it does not say whose recorder it is: %j',
    (body) => expect(() => readLiveStatus(body, undefined)).toThrow('Invalid input'),
  );
});
