/**
 * Splits a byte stream into lines and parses each. A last line without its end is dropped: it is what a
 * dropped connection leaves. Throws what `parse` does on a whole line that is no JSON.
 */
export async function* jsonLines<T>(
  stream: AsyncIterable<Uint8Array>,
  parse: (line: string) => unknown = (line) => JSON.parse(line),
): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = rest + text.slice(from, end);
      rest = '';
      from = end + 1;
      if (line.trim() !== '') yield parse(line) as T;
    }
    rest += text.slice(from);
  }
}
