import { Counter, Gauge, Registry } from 'prom-client';

const PREFIX = 'meetrec_recorder_';

/** The recorder's metrics, from the start and at zero. */
export class RecorderMetrics {
  readonly #registry = new Registry();
  readonly receivedBytes = this.#counter('received_bytes_total', 'Bytes of media received.');
  readonly uploadedBytes = this.#gauge(
    'uploaded_bytes_total',
    'Bytes that the object store holds of the recording.',
  );
  readonly uploadRetries = this.#counter('upload_retries_total', 'Requests to the object store that failed.');
  readonly reuploads = this.#counter(
    'reuploads_total',
    'Times that all of a file had to be sent again, because the store had lost it.',
  );
  readonly publisherConnects = this.#counter('publisher_connects_total', 'Publishers that were accepted.');
  readonly expelledConnections = new Counter({
    name: `${PREFIX}expelled_connections_total`,
    help: 'Connections that were closed before they published, by reason.',
    labelNames: ['reason'],
    registers: [this.#registry],
  });
  readonly spoolBytes = this.#gauge('spool_bytes', 'Bytes in the journal.');
  readonly freeBytes = this.#gauge('free_bytes', "Bytes that the spool's file system has left.");
  readonly bitrateKbps = this.#gauge('bitrate_kbps', 'Media received in the last seconds, in kbit/s.');
  readonly fps = this.#gauge('fps', 'Video frames received per second, in the last seconds.');
  readonly restarts = this.#counter(
    'restarts_total',
    'Times that it was started again in its container after it had ended without a result.',
  );
  #lag: () => number = () => 0;

  constructor() {
    const lag = (): number => this.#lag();
    void new Gauge({
      name: `${PREFIX}upload_lag_seconds`,
      help: 'Seconds for which the upload has failed to move although it has something to send.',
      registers: [this.#registry],
      collect() {
        this.set(lag());
      },
    });
  }

  /** Where the upload's lag, in seconds, comes from when somebody asks. */
  uploadLag(seconds: () => number): void {
    this.#lag = seconds;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `${PREFIX}${name}`, help, registers: [this.#registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `${PREFIX}${name}`, help, registers: [this.#registry] });
  }
}
