import type { S3Client } from '@aws-sdk/client-s3';
import { EnvironmentError } from '../contract/environment.ts';
import { CHECKSUM_SETTINGS, s3Agents } from '../contract/s3-agents.ts';
import type { ChecksumSetting } from '../contract/s3-agents.ts';
import { explain } from './s3-errors.ts';
import type * as SdkModule from './sdk.ts';

export interface S3Settings {
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly forcePathStyle: boolean;
  readonly sse?: 'AES256' | 'aws:kms' | undefined;
  readonly sseKmsKeyId?: string | undefined;
  /** when_required: neither requests nor answers have checksums, for stores that refuse them. */
  readonly checksums?: ChecksumSetting | undefined;
  /** PEM file with further authorities to be trusted. */
  readonly caFile?: string | undefined;
}

export type Sdk = typeof SdkModule;

const CONNECT_MS = 10_000;
/** The longest that a request without a body may take, in ms, and for which any may stand still. */
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
  readonly #agents: ReturnType<typeof s3Agents>;
  #connected: Promise<{ sdk: Sdk; client: S3Client }> | undefined;

  /** Throws EnvironmentError where the file of authorities is none. */
  constructor(settings: S3Settings) {
    this.settings = settings;
    try {
      this.#agents = s3Agents(settings.caFile);
    } catch (error) {
      throw new EnvironmentError(`S3_CA_FILE: ${(error as Error).message}`, { cause: error });
    }
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
    const { endpoint, forcePathStyle, checksums = 'when_supported' } = this.settings;
    const client = new sdk.S3Client({
      forcePathStyle,
      // Servers other than AWS have no regions, but the signature has to name one.
      ...(endpoint === undefined ? {} : { endpoint, region: process.env['AWS_REGION'] ?? 'us-east-1' }),
      // The upload itself decides when to try again, so that it can tell people why it waits.
      maxAttempts: 1,
      logger: SILENT,
      ...CHECKSUM_SETTINGS[checksums],
      // Not every server answers Expect, and some proxies refuse it.
      expectContinueHeader: false,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: REQUEST_MS, ...this.#agents },
    });
    return { sdk, client };
  }
}
