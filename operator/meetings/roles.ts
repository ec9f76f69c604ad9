import { RecordingError } from './errors.ts';
import type { MeetingDocument } from './meeting.ts';

type Members = Pick<MeetingDocument, '_id' | 'host' | 'creator' | 'participants'>;

/** The host and the creator may start, stop, list and download. Throws RecordingError `not-host`. */
export function requireHost(meeting: Members, userId: string): void {
  if (userId === meeting.host || userId === meeting.creator) return;
  throw new RecordingError(
    'not-host',
    'Only the host or the creator of the meeting may do this: ask one of them.',
  );
}

/** Participants may see the status, and so may those above them. Throws RecordingError `not-participant`. */
export function requireParticipant(meeting: Members, userId: string): void {
  if (userId === meeting.host || userId === meeting.creator || meeting.participants.includes(userId)) return;
  throw new RecordingError(
    'not-participant',
    'Only participants of the meeting may see this: have the backend add you to its participants.',
  );
}
