import { boxAt, Fields } from './boxes.ts';
import { ScanError } from './push-parser.ts';

/** A sample as the index of an MP4 without fragments has it. */
export interface IndexedSample {
  /** In ticks of the track. */
  readonly dts: number;
  readonly composition: number;
  readonly size: number;
  /** In bytes of the file. */
  readonly offset: number;
}

/** The samples of an `stbl` box in order; none in a file whose samples are in fragments. Throws {@link ScanError}. */
export function* samplesOf(stbl: Buffer, at: number): Generator<IndexedSample, void, undefined> {
  const table = (type: string): Fields | undefined => {
    const body = boxAt(stbl, at, type);
    return body === undefined ? undefined : new Fields(body, at);
  };
  const sizes = table('stsz')?.skip(4);
  if (sizes === undefined) throw new ScanError('an index without sizes', at);
  const uniform = sizes.u32();
  const count = sizes.u32();
  if (uniform !== 0 && count > sizes.left + 10_000_000) throw new ScanError('an index that is too long', at);
  const durations = runLengths(table('stts'));
  const compositions = runLengths(table('ctts'));
  const chunks = chunksOf(table('stsc'), table('stco'), table('co64'), at);
  let [dts, offset, leftInChunk] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    if (leftInChunk === 0) {
      const chunk = chunks.next();
      if (chunk.done === true) throw new ScanError('an index with fewer chunks than it needs', at);
      ({ offset, samples: leftInChunk } = chunk.value);
    }
    const size = uniform === 0 ? sizes.u32() : uniform;
    yield { dts, composition: compositions.next().value ?? 0, size, offset };
    dts += durations.next().value ?? 0;
    offset += size;
    leftInChunk -= 1;
  }
}

function* runLengths(fields: Fields | undefined): Generator<number, undefined, undefined> {
  if (fields === undefined) return undefined;
  const { version } = fields.version();
  for (let entries = fields.u32(); entries > 0; entries -= 1) {
    const count = fields.u32();
    const value = version === 0 ? fields.u32() : fields.i32();
    for (let done = 0; done < count; done += 1) yield value;
  }
  return undefined;
}

function* chunksOf(
  stsc: Fields | undefined,
  stco: Fields | undefined,
  co64: Fields | undefined,
  at: number,
): Generator<{ offset: number; samples: number }, void, undefined> {
  const offsets = stco ?? co64;
  if (stsc === undefined || offsets === undefined) throw new ScanError('an index without chunks', at);
  const runs: { readonly first: number; readonly samples: number }[] = [];
  for (let left = stsc.skip(4).u32(); left > 0; left -= 1) {
    runs.push({ first: stsc.u32(), samples: stsc.u32() });
    stsc.skip(4);
  }
  let run = 0;
  const count = offsets.skip(4).u32();
  for (let chunk = 1; chunk <= count; chunk += 1) {
    if (chunk >= (runs[run + 1]?.first ?? Infinity)) run += 1;
    const samples = runs[run]?.samples ?? 0;
    if (samples === 0) throw new ScanError('an index with an empty chunk', at);
    yield { offset: stco === undefined ? offsets.u64() : offsets.u32(), samples };
  }
}
