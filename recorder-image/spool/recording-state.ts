import type { Logger } from 'pino';
import { z } from 'zod';
import { EXIT_CODES } from '../contract/exit-codes.ts';
import { resultReasonSchema, resultSchema } from '../contract/result.ts';
import { readJsonFile, writeJsonFile } from '../support/json-file.ts';

/** More codecs than a publisher has; one that sends anything at all could go on for ever. */
const MAX_LEFT_OUT = 32;

const recordingStateSchema = z.object({
  /** When the first recorder of this recording started; all times as Unix time in ms. */
  createdAt: z.number(),
  /** When the first media came. */
  startedAt: z.number().optional(),
  /** When the last media came, known once it has been stopped. */
  lastMediaAt: z.number().optional(),
  /** Why it stops: from then on nothing more is received, however often it is started again. */
  stopReason: resultReasonSchema.optional(),
  /** Tracks that could not be recorded. */
  leftOut: z.array(z.object({ track: z.string(), codec: z.string(), why: z.string() })).optional(),
  /** A publisher is there, and what it has sent last may not be written yet. */
  live: z.boolean().optional(),
  /** When recorders were gone that were receiving. */
  losses: z.array(z.object({ from: z.number(), to: z.number() })).optional(),
  /** The end of it all. */
  end: z.object({ result: resultSchema, exitCode: z.literal(Object.values(EXIT_CODES)) }).optional(),
});

type RecordingStateValue = Readonly<z.infer<typeof recordingStateSchema>>;
type LeftOut = NonNullable<RecordingStateValue['leftOut']>[number];

/** What has been decided about the recording, kept so that a recorder that starts again abides by it. */
export class RecordingState {
  readonly #path: string;
  readonly #log: Logger;
  #value: RecordingStateValue;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: { readonly path: string; readonly value: RecordingStateValue; readonly log: Logger }) {
    this.#path = options.path;
    this.#log = options.log;
    this.#value = options.value;
  }

  get value(): RecordingStateValue {
    return this.#value;
  }

  /**
   * Returns when the change is safely in the file. A file that can't be written, on a disk that is full, does not keep
   * the recording from being brought to its end: the change is then only lost for a recorder that is started again.
   */
  async save(change: {
    readonly [K in keyof RecordingStateValue]?: RecordingStateValue[K] | undefined;
  }): Promise<void> {
    this.#value = recordingStateSchema.parse({ ...this.#value, ...change });
    const value = this.#value;
    this.#saving = this.#saving.then(() => this.#write(value));
    await this.#saving;
  }

  /** Keeps in mind that a track could not be recorded. */
  async leaveOut(leftOut: LeftOut): Promise<void> {
    const known = this.#value.leftOut ?? [];
    const again = known.some(({ track, codec }) => track === leftOut.track && codec === leftOut.codec);
    if (!again && known.length < MAX_LEFT_OUT) await this.save({ leftOut: [...known, leftOut] });
  }

  async #write(value: RecordingStateValue): Promise<void> {
    try {
      await writeJsonFile(this.#path, value);
    } catch (error) {
      this.#log.error({ error }, 'the state could not be saved');
    }
  }
}

/** Reads the state that an earlier recorder left in the spool, or begins a new one. */
export async function openRecordingState(options: {
  readonly path: string;
  /** Unix time in ms. */
  readonly now: number;
  readonly log: Logger;
}): Promise<RecordingState> {
  const { path, now, log } = options;
  const saved = recordingStateSchema.safeParse(await readJsonFile(path));
  const state = new RecordingState({ path, log, value: saved.success ? saved.data : { createdAt: now } });
  if (!saved.success) await state.save({});
  return state;
}
