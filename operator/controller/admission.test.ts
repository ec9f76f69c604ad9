import { describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import type { MeetingRecordingSpec } from '../crd/spec.ts';
import type { MeetingRecordingStatus } from '../crd/status.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { Admission } from './admission.ts';
import { ProviderGate } from './provider-gate.ts';
import { recordingOf } from './testing/build.ts';
import { seededRandom } from '../runtime/testing/random.ts';

const agora: MeetingRecordingSpec['source'] = { agora: { channel: 'c', region: 'eu' } };

function setup(maxConcurrent: number, maxPushes?: number) {
  const woken: string[][] = [];
  const provider = { open: true };
  const clock = new FakeClock();
  const gate = new ProviderGate({ clock });
  const left = gate.left.bind(gate);
  gate.left = (pushes) => (provider.open ? left(pushes) : 0);
  const admission = new Admission({
    maxConcurrent,
    maxPushes,
    weigh: ({ spec }) => (spec.output.format === 'webm' ? 3 : 1),
    gate,
    wake: (keys) => woken.push([...keys]),
  });
  const objects = new Map<string, MeetingRecording>();
  const see = (
    name: string,
    options: { second?: number; status?: MeetingRecordingStatus; agora?: boolean; webm?: boolean } = {},
  ) => {
    const before = objects.get(name);
    const creationTimestamp =
      before?.metadata.creationTimestamp ??
      `2026-01-01T00:00:${String(options.second ?? 0).padStart(2, '0')}Z`;
    const after = recordingOf({
      metadata: { name, uid: `uid-${name}`, creationTimestamp },
      ...(options.status && { status: options.status }),
      spec: {
        ...(options.agora && { source: agora }),
        ...(options.webm && { output: { ...recordingOf().spec.output, format: 'webm' } }),
      },
    });
    objects.set(name, after);
    admission.observe({ key: name, before, after, initial: false, own: false });
    return after;
  };
  const gone = (name: string) => {
    admission.observe({ key: name, before: objects.get(name), after: undefined, initial: false, own: false });
    objects.delete(name);
  };
  const decide = (name: string) => admission.decide(objects.get(name) ?? recordingOf());
  return { admission, clock, woken, provider, see, gone, decide };
}

const admitted: MeetingRecordingStatus = {
  conditions: [
    { type: 'Admitted', status: 'True', reason: 'SlotTaken', message: '', lastTransitionTime: '' },
  ],
};

describe('admission', () => {
  it('lets the oldest in first, and tells the others their place', () => {
    const { see, decide } = setup(1);
    see('young', { second: 9 });
    see('old', { second: 1 });
    see('middle', { second: 5 });
    expect(decide('young')).toMatchObject({ admitted: false, position: 3 });
    expect(decide('old')).toEqual({ admitted: true });
    expect(decide('middle')).toMatchObject({ admitted: false, position: 1 });
    expect(decide('young')).toMatchObject({ admitted: false, position: 2 });
    expect(decide('old')).toEqual({ admitted: true });
  });

  it('counts a slot as taken from the decision on, though the cache does not know of it yet', () => {
    const { see, decide } = setup(1);
    see('a', { second: 1 });
    see('b', { second: 2 });
    expect(decide('a')).toEqual({ admitted: true });
    see('a', { status: { phase: 'Pending' } });
    expect(decide('b')).toMatchObject({ admitted: false });
  });

  it('rebuilds the picture from what it sees', () => {
    const { admission, see, decide } = setup(2);
    see('a', { status: admitted });
    see('b', { status: { phase: 'Completed' } });
    admission.hold(see('c'));
    expect([admission.holding, admission.waiting]).toEqual([2, 0]);
    see('d');
    expect(decide('d')).toMatchObject({ admitted: false, position: 1 });
  });

  it.each([
    ['ends', ({ see }: ReturnType<typeof setup>) => void see('a', { status: { phase: 'Failed' } })],
    ['is gone', ({ gone }: ReturnType<typeof setup>) => gone('a')],
  ])('wakes the next one when one %s', (_how, happen) => {
    const all = setup(1);
    all.see('a', { status: admitted });
    all.see('b', { second: 2 });
    all.see('c', { second: 3 });
    happen(all);
    expect(all.woken).toEqual([['b']]);
    expect(all.decide('c')).toMatchObject({ admitted: false, position: 2 });
    expect(all.decide('b')).toEqual({ admitted: true });
  });

  it('passes over those that Agora has no room for, and keeps their place', () => {
    const { provider, see, decide } = setup(2);
    provider.open = false;
    see('meeting', { second: 1, agora: true });
    see('obs', { second: 2 });
    expect(decide('meeting')).toEqual({ admitted: false, position: 1, lacks: 'provider' });
    expect(decide('obs')).toEqual({ admitted: true });
    provider.open = true;
    expect(decide('meeting')).toEqual({ admitted: true });
  });

  it('weighs: a heavy one waits until there is room for all of it, and is not passed by light ones', () => {
    const { see, gone, decide } = setup(3);
    see('light', { second: 1 });
    see('heavy', { second: 2, webm: true });
    see('late', { second: 3 });
    expect(decide('light')).toEqual({ admitted: true });
    expect(decide('late')).toMatchObject({ admitted: false, position: 2, lacks: 'slot' });
    expect(decide('heavy')).toMatchObject({ admitted: false, position: 1 });
    gone('light');
    expect(decide('heavy')).toEqual({ admitted: true });
    expect(decide('late')).toMatchObject({ admitted: false });
  });

  it('lets in one that is heavier than all slots together when nobody else records', () => {
    const { see, decide } = setup(2);
    see('heavy', { webm: true });
    expect(decide('heavy')).toEqual({ admitted: true });
  });

  it('never asks Agora for more pushes than its quota, and lets others pass', () => {
    const { see, gone, decide, woken } = setup(10, 1);
    see('a', { second: 1, agora: true });
    see('b', { second: 2, agora: true });
    see('obs', { second: 3 });
    expect(decide('a')).toEqual({ admitted: true });
    expect(decide('b')).toEqual({ admitted: false, position: 1, lacks: 'provider' });
    expect(decide('obs')).toEqual({ admitted: true });
    gone('a');
    expect(woken.at(-1)).toEqual(['b']);
    expect(decide('b')).toEqual({ admitted: true });
  });

  it('decides the same as one that counts everything anew each time, whatever comes and goes', () => {
    const random = seededRandom(11);
    const { admission, provider, see, gone, decide } = setup(6, 3);
    const model = new Map<string, { second: number; agora: boolean; webm: boolean; holds: boolean }>();
    const weightOf = ({ webm }: { webm: boolean }) => (webm ? 3 : 1);
    const mayStart = (wanted: string): boolean => {
      const holding = [...model.values()].filter(({ holds }) => holds);
      let slots = 6 - holding.reduce((sum, one) => sum + weightOf(one), 0);
      let pushes = provider.open ? 3 - holding.filter((one) => one.agora).length : 0;
      const line = [...model].filter(([, { holds }]) => !holds);
      line.sort(([a, x], [b, y]) => x.second - y.second || (a < b ? -1 : 1));
      for (const [name, one] of line) {
        if (one.agora && pushes < 1) continue;
        slots -= weightOf(one);
        if (slots < 0) return false;
        if (name === wanted) return true;
        if (one.agora) pushes -= 1;
      }
      return false;
    };
    for (let step = 0; step < 3000; step++) {
      const name = `rec-${Math.floor(random() * 12)}`;
      const known = model.get(name);
      provider.open = random() < 0.8;
      if (!known) {
        const one = { second: Math.floor(random() * 5), agora: random() < 0.5, webm: random() < 0.3 };
        model.set(name, { ...one, holds: false });
        see(name, one);
      } else if (random() < 0.3) {
        gone(name);
        model.delete(name);
      } else {
        const expected = known.holds || mayStart(name);
        expect(decide(name).admitted).toBe(expected);
        known.holds = expected;
      }
      const holding = [...model.values()].filter(({ holds }) => holds).length;
      expect([admission.holding, admission.waiting]).toEqual([holding, model.size - holding]);
    }
  });

  it('takes one back to where its age puts it', () => {
    const { admission, see, decide, woken } = setup(1);
    const a = see('a', { second: 1, agora: true });
    see('b', { second: 2 });
    decide('a');
    admission.pushRefused('a', a);
    expect(woken).toEqual([['b']]);
    expect(decide('a')).toEqual({ admitted: false, position: 1, lacks: 'provider', waitMs: 5000 });
    expect(decide('b')).toEqual({ admitted: true });
  });

  it('takes one back that another process, which leads, has sent back', () => {
    const { admission, see, decide } = setup(1);
    see('a', { second: 1, agora: true, status: admitted });
    expect(admission.holding).toBe(1);
    see('a', { agora: true, status: { phase: 'Pending', reason: 'ProviderQuotaExceeded' } });
    expect([admission.holding, admission.waiting]).toEqual([0, 1]);
    see('b', { second: 2 });
    expect(decide('b')).toMatchObject({ admitted: false, position: 2 });
  });
});

describe('admission to a provider that has no room', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];

  /** Two of six are granted; the others were let in before anything was known of the quota. */
  function full() {
    const all = setup(6);
    const objects = new Map(names.map((name, second) => [name, all.see(name, { second, agora: true })]));
    const of = (name: string) => objects.get(name) ?? recordingOf();
    const letIn = () => names.filter((name) => all.decide(name).admitted);
    expect(letIn()).toEqual(names);
    for (const name of ['a', 'b']) all.admission.pushGranted(of(name));
    for (const name of names.slice(2)) all.admission.pushRefused(name, of(name));
    return { ...all, of, letIn };
  }

  it('lets in nobody until the wait is over, and then the first, alone', () => {
    const { admission, clock, decide, letIn, of } = full();
    expect(letIn()).toEqual(['a', 'b']);
    expect(decide('c')).toMatchObject({ lacks: 'provider', waitMs: 5000 });
    expect(decide('d')).toEqual({ admitted: false, position: 2, lacks: 'provider' });
    clock.jump(5000);
    expect(letIn()).toEqual(['a', 'b', 'c']);
    expect(decide('d')).toEqual({ admitted: false, position: 1, lacks: 'provider' });
    admission.pushRefused('c', of('c'));
    expect(letIn()).toEqual(['a', 'b']);
    expect(decide('c')).toMatchObject({ waitMs: 10_000 });
  });

  it('lets in one for each push that ends, at once, though its recorder is still at work', () => {
    const { admission, letIn, see, woken } = full();
    woken.length = 0;
    admission.pushEnded('uid-a');
    expect(woken).toEqual([['c']]);
    expect(letIn()).toEqual(['a', 'b', 'c']);
    const ended = { ...admitted, agora: { converterId: '1', state: 'ended' } };
    see('a', { agora: true, status: ended });
    see('a', { agora: true, status: { phase: 'Completed' } });
    expect(letIn()).toEqual(['b', 'c']);
  });

  it('lets in one more for a push that ends and that nobody has counted', () => {
    const { admission, letIn } = full();
    admission.pushEnded();
    expect(letIn()).toEqual(['a', 'b', 'c']);
  });

  it('goes on with more once one was granted, and wakes those', () => {
    const { admission, clock, letIn, of, woken } = full();
    clock.jump(5000);
    letIn();
    woken.length = 0;
    admission.pushGranted(of('c'));
    expect(woken).toEqual([['d', 'e']]);
    expect(letIn()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('does not wait for ever for one that was let in and never asked', () => {
    const { clock, gone, letIn, woken } = full();
    clock.jump(5000);
    letIn();
    woken.length = 0;
    gone('c');
    expect(woken).toEqual([['d']]);
  });

  it('is what it was to one that takes over: the granted count, and those that wait say that it is full', () => {
    const { admission, letIn, see } = setup2();
    for (const name of ['a', 'b'])
      see(name, { agora: true, status: { ...admitted, agora: { converterId: name, state: 'running' } } });
    see('c', { second: 3, agora: true, status: { phase: 'Pending', reason: 'ProviderQuotaExceeded' } });
    admission.providerIsFull();
    expect(letIn(['a', 'b', 'c'])).toEqual(['a', 'b']);
    admission.pushEnded('uid-b');
    expect(letIn(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  });

  function setup2() {
    const all = setup(6);
    return { ...all, letIn: (of: string[]) => of.filter((name) => all.decide(name).admitted) };
  }
});
