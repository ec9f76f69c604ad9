/**
 * Of every collection. Operations fail at once, or by the driver's own time limits, while there is no connection:
 * mongoose's own queue would hold them back for 10 s, and keep the driver from looking for the server meanwhile.
 * Indexes are made when the connection is.
 */
export const SCHEMA_OPTIONS = {
  bufferCommands: false,
  autoIndex: false,
  autoCreate: false,
  versionKey: false,
  strict: 'throw',
  strictQuery: 'throw',
} as const;
