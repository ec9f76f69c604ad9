import { fullBox, u32 } from './box.ts';
import { LONGEST_DURATION } from './fragment.ts';
import type { TrackFragment } from './fragment.ts';
import { NumberTable, RunTable } from './number-table.ts';

const MAX_32_BITS = 0xffff_ffff;

/** Where and when all samples of a track are, for the header of the finished file. In units of the track's timescale. */
export class SampleIndex {
  readonly #durations = new RunTable();
  readonly #offsets = new RunTable();
  readonly #sizes = new NumberTable();
  readonly #keyFrames = new NumberTable();
  /** First chunk, samples in a chunk, sample description: for each chunk that has another number than the one before. */
  readonly #chunks = new NumberTable();
  /** Upper and lower half of each. */
  readonly #chunkOffsets = new NumberTable();
  #samplesInChunk = 0;
  #firstDts: number | undefined;
  #lastDts = 0;
  #lastDuration = 0;
  #earliest = Infinity;
  #latest = 0;
  #lowestOffset = 0;
  #highestOffset = 0;
  #raisedBefore = 0;
  #isExpressible = true;

  /** @param position of the fragment's data in the file, in bytes */
  add({ track, samples }: TrackFragment, position: number): void {
    this.#raisedBefore = track.raise;
    for (const { dts, offset, size, duration, isKeyFrame } of samples) {
      if (this.#firstDts === undefined) this.#firstDts = dts;
      else this.#lasts(dts - this.#lastDts);
      this.#lastDts = dts;
      this.#lastDuration = duration;
      this.#offsets.push(offset);
      this.#sizes.push(size);
      if (isKeyFrame) this.#keyFrames.push(this.#sizes.length);
      const shownAt = dts + offset - track.raise;
      this.#earliest = Math.min(this.#earliest, shownAt);
      this.#latest = Math.max(this.#latest, shownAt);
      this.#lowestOffset = Math.min(this.#lowestOffset, offset);
      this.#highestOffset = Math.max(this.#highestOffset, offset);
    }
    this.#chunkOffsets.push(Math.floor(position / 2 ** 32));
    this.#chunkOffsets.push(position % 2 ** 32);
    if (samples.length === this.#samplesInChunk) return;
    this.#samplesInChunk = samples.length;
    for (const value of [this.#chunkOffsets.length / 2, samples.length, 1]) this.#chunks.push(value);
  }

  /** Whether there is a number for each sample's duration: not for a pause of half a day and more. */
  get isExpressible(): boolean {
    return this.#isExpressible;
  }

  get isEmpty(): boolean {
    return this.#firstDts === undefined;
  }

  /** When the first sample is shown, from the file's beginning; negative where it never is. */
  get firstPresentation(): number {
    return this.isEmpty ? 0 : this.#earliest;
  }

  /** When that is on the track's own time, which begins with the first sample's decoding and has no negative offsets. */
  get mediaTime(): number {
    return this.isEmpty ? 0 : this.#earliest - (this.#firstDts ?? 0) + this.#raisedBefore + this.#raise;
  }

  /** From the first sample that is shown to the end of the last one. */
  get shownDuration(): number {
    return this.isEmpty ? 0 : this.#latest + this.#lastDuration - this.#earliest;
  }

  /** Of all samples one after another. */
  get mediaDuration(): number {
    return this.isEmpty ? 0 : this.#lastDts + this.#lastDuration - (this.#firstDts ?? 0);
  }

  /** The content of `stbl` but for its `stsd`. To be asked for once: nothing may be added then. */
  finish(): readonly Buffer[] {
    if (!this.isEmpty) this.#lasts(this.#lastDuration);
    this.#durations.flush();
    this.#offsets.flush();
    const isShifted = this.#lowestOffset !== 0 || this.#highestOffset !== 0;
    const allKeyFrames = this.#keyFrames.length === this.#sizes.length;
    return [
      ...fullBox('stts', {}, u32(this.#durations.pairs), this.#durations.bytes),
      ...(isShifted ? this.#compositionOffsets() : []),
      ...(allKeyFrames ? [] : fullBox('stss', {}, u32(this.#keyFrames.length), this.#keyFrames.bytes)),
      ...fullBox('stsc', {}, u32(this.#chunks.length / 3), this.#chunks.bytes),
      ...fullBox('stsz', {}, u32(0, this.#sizes.length), this.#sizes.bytes),
      ...this.#positions(),
    ];
  }

  /** What is still to be added to all offsets, for players that know no negative ones: an edit takes it back. */
  get #raise(): number {
    return -this.#lowestOffset;
  }

  #lasts(duration: number): void {
    this.#durations.push(duration);
    this.#isExpressible &&= duration <= LONGEST_DURATION;
  }

  #compositionOffsets(): readonly Buffer[] {
    if (this.#raise > 0) this.#offsets.raise(this.#raise);
    return fullBox('ctts', {}, u32(this.#offsets.pairs), this.#offsets.bytes);
  }

  #positions(): readonly Buffer[] {
    const bytes = Buffer.concat(this.#chunkOffsets.bytes);
    const count = bytes.length / 8;
    const isLarge = count > 0 && Number(bytes.readBigUInt64BE(bytes.length - 8)) > MAX_32_BITS;
    if (isLarge) return fullBox('co64', {}, u32(count), bytes);
    const low = Buffer.alloc(count * 4);
    for (let index = 0; index < count; index += 1) bytes.copy(low, index * 4, index * 8 + 4, index * 8 + 8);
    return fullBox('stco', {}, u32(count), low);
  }
}
