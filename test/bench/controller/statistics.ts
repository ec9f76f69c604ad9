/** Throws RangeError when there is nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
  if (value === undefined) throw new RangeError('there is nothing to take a quantile of');
  return value;
}

/** The middle value, or the mean of the two in the middle. Throws RangeError when there is nothing. */
export function median(values: readonly number[]): number {
  return (quantile(values, 0.5) + quantile(values, (Math.floor(values.length / 2) + 1) / values.length)) / 2;
}

/** Rounded to five digits that matter: of ratios that just meet or miss 1 one sees by how much. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
