const minus = '\u2212';
const thin = '\u202F';
const formats = new Map<number, Intl.NumberFormat>();

function magnitude(value: number, decimals: number): string {
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(decimals, format);
  }
  return format.format(Math.abs(value));
}

function vanishes(value: number, decimals: number): boolean {
  return Math.abs(value) < 0.5 * 10 ** -decimals;
}

/** A number with exactly `decimals` places, commas for thousands and a true minus. */
export function fixed(value: number, decimals = 2): string {
  return (value < 0 && !vanishes(value, decimals) ? minus : '') + magnitude(value, decimals);
}

/** A whole number: integer(1482113) is "1,482,113". */
export function integer(value: number): string {
  return fixed(value, 0);
}

/** A number with its sign; what rounds to zero has none. */
export function signed(value: number, decimals = 2): string {
  const sign = vanishes(value, decimals) ? '' : value > 0 ? '+' : minus;
  return sign + magnitude(value, decimals);
}

/** "0.30 %" with a thin space that no line breaks at. */
export function percent(value: number, decimals = 2): string {
  return `${fixed(value, decimals)}${thin}%`;
}

/** "+0.84 %" with a thin space that no line breaks at. */
export function signedPercent(value: number, decimals = 2): string {
  return `${signed(value, decimals)}${thin}%`;
}

/** 1 for what shows as a gain, -1 for a loss, 0 for what rounds to zero. */
export function direction(value: number, decimals = 2): -1 | 0 | 1 {
  if (vanishes(value, decimals)) return 0;
  return value > 0 ? 1 : -1;
}

/** Decimals of a token's price in USD: one above 10,000, two else. */
export function priceDecimals(price: number): number {
  return price >= 10_000 ? 1 : 2;
}

/** How many decimals the prices of a ladder need, 4 at most. */
export function decimalsOf(values: readonly number[]): number {
  let most = 2;
  for (const value of values) {
    while (most < 4 && Math.abs(value * 10 ** most - Math.round(value * 10 ** most)) > 1e-6) most += 1;
  }
  return most;
}
