import { z } from 'zod';

/** Derived from the conditions, for people; the meanings stand in docs/reference/status.md. */
export const phaseSchema = z.enum(['Pending', 'Starting', 'Recording', 'Stopping', 'Completed', 'Failed']);
export type Phase = z.infer<typeof phaseSchema>;

/** A recording in one of these is never worked on again, except for retention. */
export function isTerminal(phase: Phase | undefined): phase is 'Completed' | 'Failed' {
  return phase === 'Completed' || phase === 'Failed';
}
