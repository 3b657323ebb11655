import { parseInstant } from './fields';
import type { QueryAnswer } from './query';

/** A candle of an exchange. */
export interface Candle {
  /** When it began. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** A series of candles. */
export interface CandleSeries {
  /** As the tables write it, such as binance. */
  readonly venue: string;
  readonly symbol: string;
  readonly intervalSeconds: number;
}

/** The query for the newest candles of a series, newest first. */
export function candlesSql(series: CandleSeries, most: number): string {
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  return `SELECT DISTINCT open_time, open, high, low, close FROM candles
WHERE venue = ${text(series.venue)} AND symbol = ${text(series.symbol)} AND interval_seconds = ${series.intervalSeconds}
ORDER BY open_time DESC LIMIT ${most}`;
}

/** The candles of an answer to candlesSql, oldest first; rows without time or price are left out. */
export function readCandles(answer: QueryAnswer): Candle[] {
  const candles = answer.rows.flatMap(([began, open, high, low, close]) => {
    const time = typeof began === 'string' ? parseInstant(began) : null;
    const prices = [open, high, low, close].map(Number);
    if (time === null || prices.some((price) => !(price > 0))) return [];
    const [first = 0, highest = 0, lowest = 0, last = 0] = prices;
    return [{ time, open: first, high: highest, low: lowest, close: last }];
  });
  return candles.sort((left, right) => left.time - right.time);
}
