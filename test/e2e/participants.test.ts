import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrange } from '../../operator/agora/layout.ts';
import { pictureAt, pixelsOf, toneAt } from '../agora-simulator/media-probe.ts';
import { waitFor } from '../support/wait-for.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { Workbench } from '../install/workbench.ts';
import { isCompleted, isRecording } from './meeting.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench, SMALL, uniqueName } from './workbench.ts';

/** Media after a change at which it must be seen, and that must come before the next one; in seconds. */
const SETTLE_SECONDS = 2;
const HOLD_SECONDS = 3;

interface Person {
  readonly uid: number;
  readonly name: string;
  readonly toneHz: number;
  readonly plateColour: string;
}

describe('a meeting with people who come and go, seen through its webhooks', () => {
  let workbench: Workbench;
  let folder: TempDirectory;
  beforeAll(async () => {
    workbench = await openWorkbench();
    folder = await tempDirectory('e2e-participants');
  });
  afterAll(async () => {
    await workbench?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const json = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await workbench.simulator(method, path, body);
    expect(answer.ok).toBe(true);
    return (await answer.json()) as T;
  };

  it('shows and sounds each in their place, and ends with the last one', async () => {
    const meeting = uniqueName('participants');
    const channel = `/control/channels/${meeting}`;
    const body = { host: 'ada', channel: meeting, layout: 'speaker' };
    expect((await workbench.asService().call('PUT', `/meetings/${meeting}`, body)).status).toBe(201);
    const everybody: Person[] = [];
    const join = async (uid: number, name: string): Promise<void> => {
      const { participants } = await json<{ participants: Person[] }>('POST', `${channel}/join`, {
        uid,
        name,
      });
      everybody.push(...participants.filter((person) => person.uid === uid));
    };

    await join(21, 'Ada');
    const started = await workbench.as('ada').call('POST', `/meetings/${meeting}/recording/start`, SMALL);
    expect(started.status, JSON.stringify(started.body)).toBe(202);
    const id = (started.body['recording'] as { recordingId: string }).recordingId;
    const { metadata } = await workbench.waitForRecording(id, 'recording', isRecording);
    const converter = `meetrec-${metadata.uid}`;
    const sentSeconds = async (): Promise<number> => {
      const pushes = await json<{ name: string; attempts: { frames: number }[] }[]>('GET', '/control/pushes');
      return (pushes.find(({ name }) => name === converter)?.attempts.at(-1)?.frames ?? 0) / SMALL.fps;
    };
    const moments: { at: number; people: number[] }[] = [];
    const hold = async (people: number[]): Promise<void> => {
      await workbench.waitForRecording(
        id,
        `one that shows ${people.join()}`,
        ({ status }) => status?.agora?.shown?.join() === people.join(),
      );
      const changedAt = await sentSeconds();
      await waitFor(async () => (await sentSeconds()) >= changedAt + HOLD_SECONDS, { what: 'more media' });
      moments.push({ at: changedAt + SETTLE_SECONDS, people });
    };

    await hold([21]);
    await join(5, 'Grace');
    await hold([21, 5]);
    await json('POST', `${channel}/leave`, { uid: 21 });
    await hold([5]);
    await json('POST', `${channel}/leave`, { uid: 5 });
    const { status } = await workbench.waitForRecording(id, 'completed', isCompleted);
    expect(status).toMatchObject({ phase: 'Completed', reason: 'MeetingEnded' });

    const recorded = `${folder.path}/recorded.mp4`;
    await workbench.downloadObject(status?.file?.key ?? '', recorded);
    for (const { at, people } of moments) {
      const picture = await pictureAt(recorded, at);
      const tiles = arrange('speaker', people, { width: picture.width, height: picture.height });
      for (const { uid, plateColour, toneHz } of everybody) {
        const seenIn = tiles.filter((tile) => pixelsOf(picture, plateColour, tile) > 60);
        expect(
          seenIn.map((tile) => tile.uid),
          `${uid} at ${at} s`,
        ).toEqual(people.filter((one) => one === uid));
        expect((await toneAt(recorded, toneHz, at)) > 0.01, `${toneHz} Hz at ${at} s`).toBe(
          people.includes(uid),
        );
      }
    }
    const published = `${folder.path}/published.flv`;
    await workbench.downloadPublished(converter, published);
    await expectEveryPacket(published, recorded);
    await expectNothingLeft(workbench, id);
  });
});
