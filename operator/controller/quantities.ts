const MEBI = 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: MEBI,
  Gi: 1024 * MEBI,
  Ti: 1024 * 1024 * MEBI,
};

/** What {@link quantityBytes} and {@link cpuMillis} can read. */
export const BYTES_QUANTITY = /^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$/;
export const CPU_QUANTITY = /^[0-9]+(\.[0-9]+)?m?$/;

/** Bytes of a Kubernetes quantity such as 8Gi. Throws RangeError when it is none. */
export function quantityBytes(quantity: string): number {
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  const factor = UNITS[unit ?? '-'];
  if (number === undefined || factor === undefined)
    throw new RangeError(`${quantity} is no quantity such as 8Gi`);
  return Number(number) * factor;
}

/** Thousandths of a core of a Kubernetes quantity such as 500m or 2. Throws RangeError when it is none. */
export function cpuMillis(quantity: string): number {
  if (!CPU_QUANTITY.test(quantity)) throw new RangeError(`${quantity} is no quantity such as 500m`);
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

/** Bytes as a quantity, rounded up to whole Mi. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBI)}Mi`;
}
