/** A part has to be sent again that the file no longer has: the file has to be made again. */
export class PartGoneError extends Error {
  readonly code = 'PartGone';
  override readonly name = 'PartGoneError';
}
