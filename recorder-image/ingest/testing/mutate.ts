/** A number from 0 up to 1, the next of a sequence that its seed decides. */
type Random = () => number;

/** Numerical Recipes' linear congruential generator: a seed names the same mutations on every machine. */
function seeded(seed: number): Random {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const HANDSHAKE_BYTES = 3073;
const MAX_INSERTED = 64;
/** Values that lengths, counts and times go wrong at. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff];

/** A client's session with some of its bytes changed, moved, removed or doubled: always the same for a seed. */
export function mutate(session: Buffer, seed: number): Buffer {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = Buffer.from(session);
  for (let changes = 1 + below(6); changes > 0; changes -= 1) {
    // The handshake is not checked: what comes after it is where things go wrong.
    const from = random() < 0.9 ? Math.min(HANDSHAKE_BYTES, bytes.length) : 0;
    const at = from + below(Math.max(1, bytes.length - from));
    const length = below(Math.min(MAX_INSERTED, bytes.length - at) + 1);
    const piece = bytes.subarray(at, at + length);
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (below(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        for (let index = 0; index < Math.min(4, tail.length); index += 1) tail[index] = below(256);
        break;
      case 2:
        tail.fill(EDGES[below(EDGES.length)] ?? 0, 0, Math.min(4, tail.length));
        break;
      case 3:
        bytes = Buffer.concat([head, tail.subarray(length)]);
        break;
      case 4:
        bytes = Buffer.concat([head, piece, tail]);
        break;
      case 5:
        bytes = Buffer.concat([head, Buffer.from(Array.from({ length }, () => below(256))), tail]);
        break;
      default:
        bytes = Buffer.from(head);
    }
  }
  return bytes;
}

/** The bytes in pieces of all sizes, as a network delivers them. */
export function* inPieces(bytes: Buffer, seed: number): Generator<Buffer> {
  const random = seeded(seed ^ 0x5bd1_e995);
  const largest = [1, 7, 128, 4096, 65_536][Math.floor(random() * 5)] ?? 1;
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * largest);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
