/** `file-gone`: there is no such file any more. `storage-unavailable`: the store does not answer, or not to us. */
export type StorageErrorCode = 'file-gone' | 'storage-unavailable';

export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}
