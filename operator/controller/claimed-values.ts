import { z } from 'zod';

const DAY_SECONDS = 86_400;

/** A time that a recorder claims, as a status holds it. */
export const claimedTime = z.iso.datetime({ offset: true }).max(64);

/** Seconds that a recorder claims. No recording has so many, and a time that is so far from another is one still. */
export const claimedSeconds = z
  .number()
  .min(0)
  .max(366 * DAY_SECONDS);
