const POLYNOMIAL = 0xedb8_8320;
const BITS = 32;

/**
 * The CRC-32 of stretches of bytes, one behind the other, from the CRC-32 and the size in bytes of each. Zeros behind a
 * stretch are a linear operation on its checksum, which is made once for all stretches of a size.
 */
export function combineCrc32(parts: Iterable<{ readonly crc32: number; readonly size: number }>): number {
  const operators = new Map<number, Operator>();
  let sum = 0;
  for (const { crc32, size } of parts) {
    const operator = operators.get(size) ?? zeros(size);
    operators.set(size, operator);
    sum = (applied(operator, sum) ^ crc32) >>> 0;
  }
  return sum;
}

/** Column by column, as GF(2) has it: what becomes of each bit of a checksum. */
type Operator = Uint32Array;

/** What so many bytes of zeros do to a checksum, by powers of two. */
function zeros(bytes: number): Operator {
  let operator: Operator = Uint32Array.from({ length: BITS }, (_, bit) => 2 ** bit);
  let power = squared(squared(oneZeroBit()));
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    power = squared(power);
    if (left % 2 === 1) operator = operator.map((column) => applied(power, column));
  }
  return operator;
}

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
