import { Error as MongooseErrors, mongo } from 'mongoose';

/** Codes of a server that is on its way up or down, or not the one to write to. */
const PASSING_CODES = new Set<number | string | undefined>([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** Whether an operation failed for want of a database, rather than for what it asked of it. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof mongo.MongoServerError) return PASSING_CODES.has(error.code);
  if (error instanceof mongo.MongoError) return true;
  if (error instanceof MongooseErrors.MongooseServerSelectionError) return true;
  // An operation before the first connection: mongoose has no class of its own for it.
  return error instanceof MongooseErrors && /initial connection|bufferCommands|buffering/.test(error.message);
}

const DUPLICATE_KEY = 11_000;

/** Whether something of the same unique key is there already. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === DUPLICATE_KEY;
}
