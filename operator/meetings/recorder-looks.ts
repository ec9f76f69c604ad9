import { isIP } from 'node:net';

/** What a recorder says of itself at this moment. */
export interface RecorderFigures {
  readonly recordingId: string;
  /** waiting, recording, reconnecting, finishing, uploading or done. */
  readonly state: string;
  /** Seconds of media, of this recorder alone. */
  readonly durationSeconds: number;
  readonly bytesReceived: number;
  readonly bytesUploaded: number;
  /** kbit/s, over the last seconds. */
  readonly bitrateKbps: number;
  /** Video frames a second, over the last seconds. */
  readonly fps: number;
}

interface LooksOptions {
  /** Asks the recorder at this URL. May throw, and may take for ever: nobody waits for it longer than told below. */
  readonly ask: (baseUrl: string, signal: AbortSignal) => Promise<RecorderFigures>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds that an answer is waited for. */
  readonly limitMs?: number;
  /** Milliseconds that an answer is told again to whoever asks for the same recorder. */
  readonly freshMs?: number;
  /** Milliseconds that a recorder which did not answer is left alone. */
  readonly silentMs?: number;
  /** Recorders that are asked at a time; whoever comes beyond that does without. */
  readonly maxAtOnce?: number;
  readonly maxRemembered?: number;
}

interface Look {
  readonly figures: Promise<RecorderFigures | undefined>;
  /** On the clock of {@link LooksOptions.now}; until the answer is there, everybody waits for that one. */
  until: number;
}

/**
 * Looks at recorders for those who want to know how a recording is doing now. However many ask, and however recorders
 * behave: one request a second and recorder, each limited in time, and so many at once.
 */
export class RecorderLooks {
  readonly #options: Required<LooksOptions>;
  readonly #looks = new Map<string, Look>();
  #underWay = 0;

  constructor(options: LooksOptions) {
    this.#options = {
      ...options,
      limitMs: options.limitMs ?? 250,
      freshMs: options.freshMs ?? 1000,
      silentMs: options.silentMs ?? 5000,
      maxAtOnce: options.maxAtOnce ?? 32,
      maxRemembered: options.maxRemembered ?? 5000,
    };
  }

  /** Undefined where the recorder does not answer in time, or is another recording's. Never rejects. */
  async look(recordingId: string, baseUrl: string): Promise<RecorderFigures | undefined> {
    const { now, maxAtOnce } = this.#options;
    const known = this.#looks.get(baseUrl);
    if (known === undefined || now() >= known.until) {
      if (this.#underWay >= maxAtOnce || !isPlainAddress(baseUrl)) return undefined;
      this.#remember(baseUrl, this.#ask(baseUrl));
    }
    const figures = await this.#looks.get(baseUrl)?.figures;
    // An address is given to another pod as soon as one is gone.
    return figures?.recordingId === recordingId ? figures : undefined;
  }

  #ask(baseUrl: string): Look {
    const { ask, now, limitMs, freshMs, silentMs } = this.#options;
    const stop = new AbortController();
    const silence = Promise.withResolvers<undefined>();
    const limit = setTimeout(() => {
      stop.abort(new Error('the recorder did not answer in time'));
      silence.resolve(undefined);
    }, limitMs);
    this.#underWay += 1;
    const answer = ask(baseUrl, stop.signal).catch(() => undefined);
    const figures = Promise.race([answer, silence.promise]).then((heard) => {
      clearTimeout(limit);
      this.#underWay -= 1;
      look.until = now() + (heard === undefined ? silentMs : freshMs);
      return heard;
    });
    const look: Look = { figures, until: Number.POSITIVE_INFINITY };
    return look;
  }

  #remember(baseUrl: string, look: Look): void {
    // A map keeps the order of insertion: the first was looked at the longest ago.
    this.#looks.delete(baseUrl);
    this.#looks.set(baseUrl, look);
    if (this.#looks.size <= this.#options.maxRemembered) return;
    const [oldest] = this.#looks.keys();
    if (oldest !== undefined) this.#looks.delete(oldest);
  }
}

/** The address of a pod and nothing else: no name that leads elsewhere, no path. */
function isPlainAddress(baseUrl: string): boolean {
  if (!URL.canParse(baseUrl)) return false;
  const { protocol, hostname, pathname, search, username } = new URL(baseUrl);
  const isAddress = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return protocol === 'http:' && isAddress && pathname === '/' && search === '' && username === '';
}
