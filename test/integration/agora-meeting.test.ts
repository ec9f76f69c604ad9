import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packetsOf, pictureAt, toneAt } from '../agora-simulator/media-probe.ts';
import { MeetingWorld, seenAndHeard, tilesOf } from './agora-support/meeting-world.ts';
import type { Person } from './agora-support/meeting-world.ts';
import { tokenOf } from './api-world.ts';

const ADA: Person = { uid: 11, name: 'Ada', slot: 0 };
const GRACE: Person = { uid: 7, name: 'Grace', slot: 1 };
const LINUS: Person = { uid: 3_000_000_000, name: 'Linus', slot: 2 };
const EVERYBODY = [ADA, GRACE, LINUS];

describe('a meeting in which people come and go', { timeout: 150_000 }, () => {
  let meetings: MeetingWorld;
  beforeAll(async () => {
    meetings = await MeetingWorld.start();
  }, 180_000);
  afterAll(async () => {
    await meetings?.[Symbol.asyncDispose]();
    expect(meetings?.kubelet.errors).toEqual([]);
  });

  it('is recorded from its first to its last participant, each in their place, also across a dead controller', async () => {
    const { simulator } = meetings;
    const output = { resolution: '640x360', fps: 15, bitrate: 500 };
    await meetings.register('standup', { layout: 'grid' });
    simulator.channels.join('standup', ADA.uid, ADA.name);
    await meetings.start('standup', output, await tokenOf('host-1'));
    const moments: { at: number; people: Person[]; tiles?: Person[] }[] = [];
    const hold = async (people: Person[], tiles = people): Promise<void> => {
      const at = await meetings.hold(
        'standup',
        tiles.map(({ uid }) => uid),
      );
      moments.push({ at, people });
    };

    await hold([ADA]);
    simulator.channels.join('standup', GRACE.uid, GRACE.name);
    await hold([ADA, GRACE]);
    simulator.channels.join('standup', LINUS.uid, LINUS.name);
    await hold([ADA, GRACE, LINUS]);
    await meetings.replaceController();
    simulator.channels.leave('standup', ADA.uid);
    await hold([GRACE, LINUS]);
    simulator.channels.leave('standup', GRACE.uid);
    simulator.channels.leave('standup', LINUS.uid);
    const recording = await meetings.until(
      'standup',
      'at its end',
      ({ status }) => status?.completedAt !== undefined,
    );

    expect(recording.status).toMatchObject({ phase: 'Completed', reason: 'MeetingEnded' });
    const file = meetings.fileOf(recording);
    const found = [];
    for (const { at, people } of moments)
      found.push(await seenAndHeard(file, at, { everybody: EVERYBODY, tiles: tilesOf('grid', people) }));
    expect(found).toEqual(
      moments.map(({ people }) => {
        const names = people.map(({ name }) => name);
        return { seen: names, heard: names };
      }),
    );
    // Every change was taken: none had an old number, and none came too soon after another.
    const updates = simulator.log.requests.filter(({ operation }) => operation === 'update');
    expect(updates.length).toBeGreaterThanOrEqual(3);
    expect(updates.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('starts by itself, without a picture when that is so registered, and has the whole sound', async () => {
    const { simulator } = meetings;
    await meetings.register('call', { audioOnly: true, autoStart: true });
    simulator.channels.join('call', ADA.uid, ADA.name);
    await meetings.until('call', 'receiving', ({ status }) => status?.reason === 'Receiving');
    const name = await meetings.converterName('call');
    await expect
      .poll(async () => (await simulator.archive.reports(name)).at(-1)?.frames, { timeout: 60_000 })
      .toBeGreaterThan(150);
    simulator.channels.leave('call', ADA.uid);
    const recording = await meetings.until(
      'call',
      'at its end',
      ({ status }) => status?.completedAt !== undefined,
    );
    expect(recording.status).toMatchObject({ phase: 'Completed', reason: 'MeetingEnded' });
    const file = meetings.fileOf(recording);
    expect(new Set((await packetsOf(file)).map((packet) => packet.split(',')[0]))).toEqual(new Set(['0']));
    expect(await toneAt(file, 440, 1)).toBeGreaterThan(0.01);
    await expect(pictureAt(file, 1)).rejects.toThrow(/no picture|Command failed/);
  });

  it('goes on when its push fails, and ends when Agora finds the channel empty', async () => {
    const { simulator } = meetings;
    await meetings.register('moved', { layout: 'speaker' });
    simulator.channels.join('moved', ADA.uid, ADA.name);
    await meetings.start('moved', { resolution: '640x360', fps: 15, bitrate: 500 }, await tokenOf('host-1'));
    const { status } = await meetings.until('moved', 'receiving', (it) => it.status?.reason === 'Receiving');
    const name = await meetings.converterName('moved');
    await simulator.converters.byName(name)?.push.misbehave({ kind: 'fail', afterSeconds: 0 });
    const again = await meetings.until(
      'moved',
      'pushed by another converter',
      (it) =>
        it.status?.agora?.converterId !== status?.agora?.converterId &&
        it.status?.reason === 'Receiving' &&
        it.status.agora?.shown?.length === 1,
    );
    expect(again.status?.agora).toMatchObject({ layout: 'speaker', shown: [ADA.uid] });

    const converter = simulator.converters.byName(name);
    if (converter === undefined) throw new Error('the push was not replaced');
    await simulator.converters.destroy(converter, 'Idle Timeout');
    const ended = await meetings.until('moved', 'at its end', (it) => it.status?.completedAt !== undefined);
    expect(ended.status).toMatchObject({ phase: 'Completed', reason: 'MeetingEnded' });
    expect(simulator.converters.list('moved')).toEqual([]);
  });
});
