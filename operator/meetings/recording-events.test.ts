import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventsOf, RECORDING_EVENTS, withOwed } from './recording-events.ts';
import type { RecordingDocument } from './recording.ts';

const record = (fields: Partial<RecordingDocument>): RecordingDocument =>
  ({ isUndone: false, startedAt: null, phase: null, status: 'starting', ...fields }) as RecordingDocument;
const startedAt = new Date();

describe('the events of a recording', () => {
  it.each([
    [{}, []],
    [{ status: 'recording', phase: 'Recording' }, ['recording.started']],
    [{ status: 'stopping', phase: 'Recording', startedAt }, ['recording.started']],
    [{ status: 'stopping', phase: 'Stopping', startedAt }, ['recording.started', 'recording.stopped']],
    [{ status: 'failed', phase: 'Failed' }, ['recording.failed']],
    [
      { status: 'completed', phase: 'Completed', startedAt, deletedAt: new Date() },
      ['recording.started', 'recording.stopped', 'recording.completed', 'recording.deleted'],
    ],
    [{ status: 'failed', isUndone: true }, []],
  ] as const)('%j', (fields, events) => {
    expect(eventsOf(record(fields))).toEqual(events);
  });

  it('are owed until they were told', () => {
    const told = ['recording.started'] as const;
    const seen = record({ status: 'failed', phase: 'Failed', startedAt, told: [...told] });
    expect(withOwed(seen)).toMatchObject({ owed: ['recording.stopped', 'recording.failed'], owing: true });
    expect(withOwed({ ...seen, told: [...RECORDING_EVENTS] })).toMatchObject({ owed: [], owing: false });
  });

  it('are listed in docs/reference/webhooks.md', async () => {
    const page = await readFile(new URL('../../docs/reference/webhooks.md', import.meta.url), 'utf8');
    expect([...page.matchAll(/^\| `([a-z.]+)` \|/gm)].map(([, name]) => name)).toEqual([...RECORDING_EVENTS]);
  });
});
