/** What comes is no file of its format, or breaks off. `offset` is in bytes. */
export class ScanError extends Error {
  readonly code = 'Scan';
  override readonly name = 'ScanError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.offset = offset;
  }
}

/**
 * What a parser wants next: so many bytes in one piece, or so many that are handed on as they come. With `mayEnd` the
 * bytes may also end before the first of them.
 */
export type Wish =
  | { readonly take: number; readonly mayEnd?: boolean }
  | { readonly pass: number; readonly to?: (bytes: Buffer, offset: number) => void };

/** A parser asks for bytes, and gets those that it takes. It throws {@link ScanError}. */
export type Parser<T = void> = Generator<Wish, T, Buffer>;

/** More than any piece that is needed as a whole: a header, or the table of a fragment. */
const MAX_PIECE_BYTES = 64 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** Feeds a parser, however the bytes are cut. */
export class PushParser {
  readonly #parser: Parser;
  #wish: Wish | undefined;
  #piece: Buffer = NOTHING;
  #have = 0;
  #passed = 0;
  #position = 0;

  constructor(start: (position: () => number) => Parser) {
    this.#parser = start(() => this.#position);
    this.#wishFor(this.#parser.next());
  }

  /** Throws what the parser throws. */
  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const wish = this.#wish;
      if (wish === undefined) {
        this.#position += bytes.length - at;
        return;
      }
      at += 'take' in wish ? this.#take(wish.take, bytes, at) : this.#pass(wish, bytes, at);
    }
  }

  /** Nothing more comes. Throws {@link ScanError} where the parser still needed something. */
  end(): void {
    const wish = this.#wish;
    if (wish === undefined || ('take' in wish && wish.mayEnd === true && this.#have === 0)) return;
    throw new ScanError('it breaks off', this.#position);
  }

  #take(size: number, bytes: Buffer, at: number): number {
    const count = Math.min(size - this.#have, bytes.length - at);
    if (count === size) {
      this.#position += count;
      this.#wishFor(this.#parser.next(bytes.subarray(at, at + count)));
      return count;
    }
    // Only that much memory as there are bytes: a size may be any number in a broken file.
    if (this.#piece.length < this.#have + count) {
      const grown = Buffer.allocUnsafe(Math.min(size, Math.max(this.#have + count, this.#piece.length * 2)));
      this.#piece.copy(grown, 0, 0, this.#have);
      this.#piece = grown;
    }
    bytes.copy(this.#piece, this.#have, at, at + count);
    this.#have += count;
    this.#position += count;
    if (this.#have === size) {
      const piece = this.#piece.subarray(0, size);
      this.#piece = NOTHING;
      this.#have = 0;
      this.#wishFor(this.#parser.next(piece));
    }
    return count;
  }

  #pass({ pass, to }: Extract<Wish, { pass: number }>, bytes: Buffer, at: number): number {
    const count = Math.min(pass - this.#passed, bytes.length - at);
    to?.(bytes.subarray(at, at + count), this.#position);
    this.#position += count;
    this.#passed += count;
    if (this.#passed === pass) this.#wishFor(this.#parser.next(NOTHING));
    return count;
  }

  #wishFor(next: IteratorResult<Wish, void>): void {
    this.#passed = 0;
    while (next.done !== true && isEmpty(next.value)) next = this.#parser.next(NOTHING);
    this.#wish = next.done === true ? undefined : next.value;
    if (this.#wish !== undefined && 'take' in this.#wish && this.#wish.take > MAX_PIECE_BYTES)
      throw new ScanError(`${this.#wish.take} bytes in one piece`, this.#position);
  }
}

/** Parses bytes that are there, from this offset on; undefined where they end too early. Throws what the parser throws. */
export function parseAt<T>(
  bytes: Buffer,
  offset: number,
  start: (position: () => number) => Parser<T>,
): { readonly value: T; readonly end: number } | undefined {
  let end = offset;
  const parser = start(() => end);
  let step = parser.next();
  while (step.done !== true) {
    const wish = step.value;
    const from = end;
    end += 'take' in wish ? wish.take : wish.pass;
    if (end > bytes.length) return undefined;
    step = parser.next(bytes.subarray(from, end));
  }
  return { value: step.value, end };
}

function isEmpty(wish: Wish): boolean {
  return ('take' in wish ? wish.take : wish.pass) === 0;
}
