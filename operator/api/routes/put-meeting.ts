import type { z } from 'zod';
import type { MeetingSource } from '../../meetings/meeting.ts';
import { storedView } from '../../meetings/view.ts';
import { meetingBodySchema, noQuerySchema } from '../request-schemas.ts';
import { defineRoute } from '../route.ts';

export const putMeeting = defineRoute({
  method: 'put',
  path: '/meetings/:meetingId',
  summary: 'Registers a meeting, or replaces what was registered.',
  access: 'service',
  body: meetingBodySchema,
  query: noQuerySchema,
  handle: async ({ meetings }, { meetingId, body }) => {
    const { host, creator, participants, enabled, autoStart } = body;
    const { meeting, isNew } = await meetings.register({
      meetingId,
      host,
      creator: creator ?? host,
      participants,
      source: sourceOf(body),
      enabled,
      autoStart,
    });
    return {
      status: isNew ? 201 : 200,
      body: {
        meetingId,
        host: meeting.host,
        creator: meeting.creator,
        participants: meeting.participants,
        source: meeting.source,
        recording: storedView(meeting),
      },
    };
  },
});

function sourceOf({ source, channel, region }: z.output<typeof meetingBodySchema>): MeetingSource {
  if (source !== undefined) return source;
  return channel === undefined ? { kind: 'rtmp' } : { kind: 'agora', channel, region: region ?? 'eu' };
}
