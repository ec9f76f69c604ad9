import { downloadQuerySchema, emptyBodySchema } from '../request-schemas.ts';
import { defineRoute } from '../route.ts';

export const downloadRecording = defineRoute({
  method: 'get',
  path: '/meetings/:meetingId/recording/download',
  summary: 'A URL that the file can be downloaded from for a while.',
  access: 'user',
  body: emptyBodySchema,
  query: downloadQuerySchema,
  handle: async ({ recordings }, { caller, meetingId, query }) => {
    const { redirect, recordingId, take } = query;
    const download = await recordings.getRecordingUrl({
      meetingId,
      userId: caller.userId,
      recordingId,
      take,
    });
    const headers = { 'Cache-Control': 'no-store' };
    if (redirect === '1') return { status: 302, headers: { ...headers, Location: download.url } };
    return { status: 200, body: download, headers };
  },
});
