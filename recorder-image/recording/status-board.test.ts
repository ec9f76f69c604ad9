import { describe, expect, it } from 'vitest';
import { recorderStatusSchema } from '../contract/status.ts';
import { StatusBoard } from './status-board.ts';

const forever = new AbortController().signal;

describe('the status', () => {
  it('is a new version with every change, and only then', () => {
    const board = new StatusBoard({ recordingId: 'a' });
    expect(recorderStatusSchema.parse(board.current())).toMatchObject({ state: 'waiting', version: 0 });
    board.set({ state: 'recording' });
    board.set({ state: 'recording' });
    expect(board.current().version).toBe(1);
    board.trouble('upload', 'the store does not answer');
    board.trouble('upload', undefined);
    expect(board.current()).toMatchObject({ version: 3, state: 'recording' });
  });

  it('says all that there is trouble with, and of each when it is over', () => {
    const board = new StatusBoard({ recordingId: 'a' });
    board.trouble('upload', 'The store does not answer');
    board.trouble('journal', 'The disk takes nothing');
    board.trouble('disk', undefined);
    expect(board.current().message).toBe('The store does not answer. The disk takes nothing');
    board.trouble('upload', undefined);
    expect(board.current().message).toBe('The disk takes nothing');
    board.trouble('journal', undefined);
    expect(board.current()).not.toHaveProperty('message');
  });

  it('tells how the one before ended, and at once to who asks from the beginning', async () => {
    const lastTermination = { exitCode: 137, signal: 'SIGKILL', at: '2026-01-01T00:00:00.000Z' };
    const board = new StatusBoard({ recordingId: 'a', earlier: { restarts: 2, lastTermination } });
    await board.change(0, 600_000, forever);
    expect(recorderStatusSchema.parse(board.current())).toMatchObject({ restarts: 2, lastTermination });
  });

  it('answers those who wait at the next change', async () => {
    const board = new StatusBoard({ recordingId: 'a' });
    const change = board.change(0, 600_000, forever);
    board.set({ state: 'recording' });
    await change;
    expect(board.current().version).toBe(1);
  });

  it('answers at once who knows another version, as after a restart', async () => {
    await new StatusBoard({ recordingId: 'a' }).change(17, 600_000, forever);
  });

  it('answers without a change when the time is up, or the asker is gone', async () => {
    const board = new StatusBoard({ recordingId: 'a' });
    await board.change(0, 1, forever);
    await board.change(0, 600_000, AbortSignal.abort());
    expect(board.current().version).toBe(0);
  });
});
