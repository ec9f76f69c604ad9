import type { S3Client } from '@aws-sdk/client-s3';
import { explain } from './s3-errors.ts';
import type * as SdkModule from './sdk.ts';

export interface S3Settings {
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly forcePathStyle: boolean;
  readonly sse?: 'AES256' | 'aws:kms' | undefined;
  readonly sseKmsKeyId?: string | undefined;
}

export type Sdk = typeof SdkModule;

const CONNECT_MS = 10_000;
/** The longest that one request may take, in ms, whatever the server does: 8 MiB at about 1 Mbit/s. */
export const REQUEST_MS = 60_000;

/** Without a logger the SDK warns on stderr; whatever goes wrong is thrown, and told of where it is dealt with. */
const SILENT = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A client of the AWS SDK, which is only loaded once there is something to upload: it takes longer than all the rest. */
export class S3Connection {
  readonly settings: S3Settings;
  #connected: Promise<{ sdk: Sdk; client: S3Client }> | undefined;

  constructor(settings: S3Settings) {
    this.settings = settings;
  }

  /**
   * Calls `send` with the SDK, its client and the options of one request, which gets `ms` to be answered in. Throws
   * ObjectStoreError.
   */
  async request<T>(
    send: (sdk: Sdk, client: S3Client, options: { abortSignal: AbortSignal }) => Promise<T>,
    signal: AbortSignal,
    ms: number = REQUEST_MS,
  ): Promise<T> {
    const { bucket, endpoint } = this.settings;
    try {
      this.#connected ??= this.#load();
      const { sdk, client } = await this.#connected;
      return await send(sdk, client, { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(ms)]) });
    } catch (error) {
      throw explain(error, bucket, endpoint);
    }
  }

  /** For the headers of what is made: a part or a copy has what its object was made with. */
  encryption(): { ServerSideEncryption?: 'AES256' | 'aws:kms'; SSEKMSKeyId?: string } {
    const { sse, sseKmsKeyId } = this.settings;
    return {
      ...(sse === undefined ? {} : { ServerSideEncryption: sse }),
      ...(sseKmsKeyId === undefined ? {} : { SSEKMSKeyId: sseKmsKeyId }),
    };
  }

  async #load(): Promise<{ sdk: Sdk; client: S3Client }> {
    const sdk = await import('./sdk.ts');
    const { endpoint, forcePathStyle } = this.settings;
    const client = new sdk.S3Client({
      forcePathStyle,
      // Servers other than AWS have no regions, but the signature has to name one.
      ...(endpoint === undefined ? {} : { endpoint, region: process.env['AWS_REGION'] ?? 'us-east-1' }),
      // The upload itself decides when to try again, so that it can tell people why it waits.
      maxAttempts: 1,
      logger: SILENT,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: REQUEST_MS },
    });
    return { sdk, client };
  }
}
