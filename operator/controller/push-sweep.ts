import type { Logger } from 'pino';
import { AgoraError } from '../agora/agora-error.ts';
import type { Converter, MediaPush, Region } from '../agora/media-push.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { CONVERTER_PREFIX } from '../crd/names.ts';
import { isTerminal } from '../crd/phases.ts';
import { REGIONS } from '../crd/spec.ts';
import { deriveStreamKey } from '../crd/stream-key.ts';
import { sleep } from '../runtime/clock.ts';
import type { Clock } from '../runtime/clock.ts';

export interface PushSweepOptions {
  push: MediaPush;
  recordings: () => Iterable<MeetingRecording>;
  masterKey: string;
  /** Seconds from one sweep to the next. */
  intervalSeconds: number;
  /** Called when a push was ended: there may be room for another. */
  onEnded: () => void;
  clock: Clock;
  log: Logger;
}

/**
 * Ends pushes that no recording has any use for: of one that was removed by force, or that ended while Agora did not
 * answer. Only what this installation has made is touched: its stream key is derived from our master key. And only what
 * was found twice in a row, so that a recording under way is never mistaken for one.
 */
export class PushSweep {
  readonly #options: PushSweepOptions;
  #suspects = new Set<string>();

  constructor(options: PushSweepOptions) {
    this.#options = options;
  }

  /** Sweeps until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, intervalSeconds } = this.#options;
    while (!signal.aborted) {
      try {
        await this.sweep(signal);
      } catch (error) {
        if (signal.aborted) return;
        const message = error instanceof AgoraError ? error.message : String(error);
        log.warn({ error: message }, 'pushes could not be swept, trying again later');
      }
      await sleep(clock, intervalSeconds * 1000, signal).catch(() => undefined);
    }
  }

  /** One look at everything that Agora pushes. Throws AgoraError when Agora does not list it. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { push, recordings, log, onEnded } = this.#options;
    const suspects = new Set<string>();
    const found: Converter[] = [];
    for await (const converter of push.list(signal)) if (this.#isOurs(converter)) found.push(converter);
    const known = new Map([...recordings()].map((recording) => [recording.metadata.uid, recording]));
    for (const { id, name } of found) {
      const recording = known.get(uidOf(name) ?? '');
      if (recording && !isTerminal(recording.status?.phase)) continue;
      if (!this.#suspects.has(id)) {
        suspects.add(id);
        continue;
      }
      // Where a push was asked for stands in its recording alone; at the wrong place it is simply not found.
      const region = recording?.spec.source.agora?.region;
      if (await this.#end(id, region ? [region] : REGIONS, signal)) {
        log.info({ converter: id, name }, 'ended a push that no recording has any use for');
        onEnded();
      } else suspects.add(id);
    }
    this.#suspects = suspects;
  }

  /** One that can't be ended keeps no other from its end; where the places are guessed, one of them may refuse. */
  async #end(id: string, places: readonly Region[], signal: AbortSignal): Promise<boolean> {
    let isEnded = true;
    for (const place of places)
      try {
        await this.#options.push.stop(place, id, signal);
      } catch (error) {
        if (!(error instanceof AgoraError)) throw error;
        isEnded = false;
        const { log } = this.#options;
        log.warn({ converter: id, region: place, error: error.message }, 'a push could not be swept');
      }
    return isEnded;
  }

  #isOurs({ name, rtmpUrl }: Converter): boolean {
    const uid = uidOf(name);
    return (
      uid !== undefined && rtmpUrl?.endsWith(`/${deriveStreamKey(this.#options.masterKey, uid)}`) === true
    );
  }
}

function uidOf(name: string | undefined): string | undefined {
  return name?.startsWith(CONVERTER_PREFIX) ? name.slice(CONVERTER_PREFIX.length) : undefined;
}
