/**
 * What comes, in pieces of this size in bytes, the last one smaller. Each one is only good until the next is asked for:
 * they share their memory.
 */
export async function* intoParts(
  chunks: AsyncIterable<Buffer>,
  partSize: number,
): AsyncGenerator<Buffer, void, undefined> {
  const part = Buffer.allocUnsafeSlow(partSize);
  let used = 0;
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length;) {
      const copied = chunk.copy(part, used, taken);
      taken += copied;
      used += copied;
      if (used < partSize) continue;
      yield part;
      used = 0;
    }
  }
  if (used > 0) yield part.subarray(0, used);
}
