/** No file can be made of this, however often it is tried: it is not what a file of the format can hold. */
export class UnmuxableError extends Error {
  readonly code = 'Unmuxable';
  override readonly name = 'UnmuxableError';
}
