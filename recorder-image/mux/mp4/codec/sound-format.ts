export interface SoundFormat {
  /** Samples per second. */
  readonly rate: number;
  readonly channels: number;
  /** Of one packet. */
  readonly frameSamples: number;
}
