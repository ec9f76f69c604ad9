const POLYNOMIAL = 0xedb8_8320;
const BITS = 32;

/**
 * The CRC-32 of two stretches of bytes, one behind the other, from the CRC-32 of each and the size of the second in
 * bytes. Zeros behind the first one are a linear operation on its checksum, which is applied by powers of two.
 */
export function combineCrc32(first: number, second: number, secondSize: number): number {
  let operator = squared(squared(oneZeroBit()));
  let crc = first;
  for (let size = secondSize; size > 0; size = Math.floor(size / 2)) {
    operator = squared(operator);
    if (size % 2 === 1) crc = applied(operator, crc);
  }
  return (crc ^ second) >>> 0;
}

/** Column by column, as GF(2) has it: what becomes of each bit of a checksum. */
type Operator = Uint32Array;

function oneZeroBit(): Operator {
  return Uint32Array.from({ length: BITS }, (_, bit) => (bit === 0 ? POLYNOMIAL : 2 ** (bit - 1)));
}

function squared(operator: Operator): Operator {
  return operator.map((column) => applied(operator, column));
}

function applied(operator: Operator, value: number): number {
  let sum = 0;
  for (let bit = 0; bit < BITS; bit += 1) if (((value >>> bit) & 1) === 1) sum ^= operator[bit] ?? 0;
  return sum >>> 0;
}
