import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TempDirectory } from '../support/temp-directory.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { Workbench } from '../install/workbench.ts';
import { hasRecordedFor, isCompleted, Meeting } from './meeting.ts';
import { expectEveryPacket, expectNothingLeft } from './verdict.ts';
import { openWorkbench, SMALL } from './workbench.ts';

describe('a meeting recorded by REST', () => {
  let workbench: Workbench;
  let folder: TempDirectory;
  beforeAll(async () => {
    workbench = await openWorkbench();
    folder = await tempDirectory('e2e-rest');
  });
  afterAll(async () => {
    await workbench?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it('goes from start to a downloaded file that has every packet, and leaves no pod behind', async () => {
    const meeting = await Meeting.register(workbench);
    const id = await meeting.start();
    await workbench.waitForRecording(id, 'recording for 5 s', hasRecordedFor(5));

    const status = await meeting.call('grace', 'status');
    expect(status.status).toBe(200);
    expect(status.body['recording']).toMatchObject({ recordingId: id, status: 'recording' });

    expect((await meeting.call('ada', 'stop')).status).toBe(202);
    const { status: ended } = await workbench.waitForRecording(id, 'completed', isCompleted);
    expect(ended).toMatchObject({ phase: 'Completed', reason: 'StopRequested' });
    expect(ended?.durationSeconds).toBeGreaterThan(4);

    const recorded = `${folder.path}/rest.mp4`;
    await workbench.download(await meeting.downloadUrl(), recorded);
    const published = `${folder.path}/rest.flv`;
    await workbench.downloadPublished(`meetrec-${(await workbench.recording(id))?.metadata.uid}`, published);
    await expectEveryPacket(published, recorded);
    expect(await workbench.anonymousGet(`${ended?.file?.bucket}/${ended?.file?.key}`)).toBe(403);
    await expectNothingLeft(workbench, id);
  });

  it('records two meetings at once, each whole', async () => {
    const meetings = await Promise.all([Meeting.register(workbench), Meeting.register(workbench)]);
    const ids = await Promise.all(meetings.map((meeting) => meeting.start()));
    for (const id of ids) await workbench.waitForRecording(id, 'recording for 4 s', hasRecordedFor(4));
    await Promise.all(meetings.map((meeting) => meeting.call('ada', 'stop')));
    for (const [index, id] of ids.entries()) {
      const { metadata } = await workbench.waitForRecording(id, 'completed', isCompleted);
      const [recorded, published] = [`${folder.path}/two-${index}.mp4`, `${folder.path}/two-${index}.flv`];
      await workbench.download((await meetings[index]?.downloadUrl()) ?? '', recorded);
      await workbench.downloadPublished(`meetrec-${metadata.uid}`, published);
      await expectEveryPacket(published, recorded);
    }
  });

  it('refuses who is not host or creator, a second start, a stop without a recording, and a format it does not know', async () => {
    const meeting = await Meeting.register(workbench);
    expect((await meeting.call('eve', 'start', SMALL)).status).toBe(403);
    expect((await meeting.call('grace', 'start', SMALL)).status).toBe(403);
    expect((await meeting.call('ada', 'stop')).status).toBe(409);

    const wrongFormat = await meeting.call('ada', 'start', { format: 'mkv' });
    expect(wrongFormat.status).toBe(422);
    expect(JSON.stringify(wrongFormat.body)).toContain('webm');

    const id = await meeting.start();
    const second = await meeting.call('ada', 'start', SMALL);
    expect(second.status).toBe(409);
    expect(second.body['recording']).toMatchObject({ recordingId: id });
    expect((await meeting.call('ada', 'stop')).status).toBe(202);
    await workbench.waitForRecording(id, 'at its end', ({ status }) => status?.completedAt !== undefined);
    await expectNothingLeft(workbench, id);
  });
});
