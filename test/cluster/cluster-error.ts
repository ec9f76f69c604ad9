/** A cluster can't be made or used as asked; the message says what to do. */
export class ClusterError extends Error {
  readonly code = 'CLUSTER';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
  }
}
