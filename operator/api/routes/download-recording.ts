import { downloadQuerySchema, emptyBodySchema } from '../request-schemas.ts';
import { downloadSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const downloadRecording = defineRoute({
  method: 'get',
  path: '/meetings/:meetingId/recording/download',
  name: 'getRecordingUrl',
  summary: 'A URL that the file can be downloaded from for a while.',
  access: 'user',
  action: 'download',
  body: emptyBodySchema,
  query: downloadQuerySchema,
  responses: {
    200: { description: 'Where the file is.', schema: downloadSchema },
    302: { description: 'With `redirect=1`: to the file.' },
  },
  errors: [
    'not-host',
    'meeting-not-found',
    'recording-not-found',
    'not-available',
    'file-gone',
    'storage-unavailable',
  ],
  handle: async ({ recordings, publicUrl }, { caller, meetingId, query, origin }) => {
    const { redirect, recordingId, take } = query;
    const download = await recordings.getRecordingUrl({
      meetingId,
      userId: caller.userId,
      recordingId,
      take,
    });
    // A playlist is served by the API itself, the rest by S3.
    const url = new URL(download.url, publicUrl ?? origin).href;
    const headers = { 'Cache-Control': 'no-store' };
    if (redirect === '1') return { status: 302, headers: { ...headers, Location: url } };
    return { status: 200, body: { ...download, url }, headers };
  },
});
