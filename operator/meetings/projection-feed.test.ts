import { describe, expect, it } from 'vitest';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { ProjectionFeed } from './projection-feed.ts';
import type { Projection } from './projection.ts';

const KEY = 'meetings/standup-1';
const never = new AbortController().signal;

function objectOf(uid: string, resourceVersion = '1'): MeetingRecording {
  return { metadata: { name: 'standup-1', uid, resourceVersion } } as MeetingRecording;
}

/** What a feed hands on, as `project UID@VERSION` and `absence UID`. */
function feed() {
  const told: string[] = [];
  let current: MeetingRecording | undefined;
  let isDown = false;
  const tell = (line: string): Promise<never> =>
    isDown
      ? Promise.reject(new Error('the database is down'))
      : Promise.resolve(void told.push(line) as never);
  const projection = {
    project: ({ metadata }: MeetingRecording) => tell(`project ${metadata.uid}@${metadata.resourceVersion}`),
    projectAbsenceOf: ({ metadata }: MeetingRecording) => tell(`absence ${metadata.uid}`),
  } as Partial<Projection> as Projection;
  const made = new ProjectionFeed({ projection, current: () => current });
  return {
    see: (after: MeetingRecording | undefined) => {
      made.note({ key: KEY, before: current, after });
      current = after;
    },
    down: (down: boolean) => (isDown = down),
    reconcile: () => made.reconcile(KEY, never),
    told,
  };
}

describe('what a cache tells of objects', () => {
  it('is handed on: how they are, and how they were when they went', async () => {
    const { see, reconcile, told } = feed();
    see(objectOf('a', '1'));
    await reconcile();
    see(objectOf('a', '2'));
    see(undefined);
    await reconcile();
    await reconcile();
    expect(told).toEqual(['project a@1', 'project a@2', 'absence a']);
  });

  it('of one whose name another object has by now is not lost with it', async () => {
    const { see, reconcile, told } = feed();
    see(objectOf('a', '7'));
    see(objectOf('b', '9'));
    await reconcile();
    expect(told).toEqual(['project a@7', 'absence a', 'project b@9']);
  });

  it('waits for a database that is down, however many come and go meanwhile', async () => {
    const { see, down, reconcile, told } = feed();
    down(true);
    for (const uid of ['a', 'b']) {
      see(objectOf(uid));
      see(undefined);
    }
    see(objectOf('c'));
    await expect(reconcile()).rejects.toThrow('the database is down');
    down(false);
    await reconcile();
    expect(told).toEqual(['project a@1', 'absence a', 'project b@1', 'absence b', 'project c@1']);
  });
});
