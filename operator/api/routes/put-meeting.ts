import type { z } from 'zod';
import type { MeetingSource } from '../../meetings/meeting.ts';
import { storedView } from '../../meetings/view.ts';
import { meetingBodySchema, noQuerySchema } from '../request-schemas.ts';
import { meetingSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const putMeeting = defineRoute({
  method: 'put',
  path: '/meetings/:meetingId',
  name: 'putMeeting',
  summary: 'Registers a meeting, or replaces what was registered.',
  access: 'service',
  body: meetingBodySchema,
  query: noQuerySchema,
  responses: {
    200: { description: 'The meeting was registered before, and is replaced.', schema: meetingSchema },
    201: { description: 'The meeting is registered.', schema: meetingSchema },
  },
  errors: ['scope-missing'],
  handle: async ({ meetings }, { meetingId, body }) => {
    const { host, creator, participants, enabled, autoStart, retentionDays, layout, audioOnly } = body;
    const { meeting, isNew } = await meetings.register({
      meetingId,
      host,
      creator: creator ?? host,
      participants,
      source: sourceOf(body),
      enabled,
      autoStart,
      retentionDays,
      layout,
      audioOnly,
    });
    return {
      status: isNew ? 201 : 200,
      body: {
        meetingId,
        host: meeting.host,
        creator: meeting.creator,
        participants: meeting.participants,
        source: meeting.source,
        retentionDays: meeting.retentionDays ?? null,
        layout: meeting.layout ?? null,
        audioOnly: meeting.audioOnly ?? false,
        recording: storedView(meeting),
      },
    };
  },
});

function sourceOf({ source, channel, region }: z.output<typeof meetingBodySchema>): MeetingSource {
  if (source !== undefined) return source;
  return channel === undefined ? { kind: 'rtmp' } : { kind: 'agora', channel, region: region ?? 'eu' };
}
