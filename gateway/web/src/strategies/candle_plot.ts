import type { Candle } from '../wire/candle';
import type { StrategyCandle, StrategyTrade, StrategyPosition } from '../wire/strategy';

/** A value over time; null where the line is broken. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

/** A stretch in the market. */
export interface Stay {
  readonly from: number;
  readonly to: number;
  readonly entryPrice: number;
  /** Null while it is open. */
  readonly exitPrice: number | null;
  readonly short: boolean;
  /** After fees; null while it is open. */
  readonly profitPercent: number | null;
}

const oscillators = /^rsi_/;
const prices = /^(sma|ema|highest|lowest)_/;

/** The indicators that are prices, each as a line. */
export function priceLines(candles: readonly StrategyCandle[]): Line[] {
  return linesOf(candles, prices);
}

/** The indicators from 0 to 100, each as a line. */
export function oscillatorLines(candles: readonly StrategyCandle[]): Line[] {
  return linesOf(candles, oscillators);
}

/** An indicator's name in words: "sma_7" is "SMA 7". */
export function indicatorTitle(name: string): string {
  const [kind = '', length = ''] = name.split('_');
  return `${/^(sma|ema|rsi)$/.test(kind) ? kind.toUpperCase() : kind} ${length}`;
}

/** Points in stretches without a hole: a hole is longer than one and a half of the interval. */
export function unbroken<Point extends { readonly time: number }>(points: readonly Point[], intervalMs: number): Point[][] {
  const stretches: Point[][] = [];
  let before = -Infinity;
  for (const point of points) {
    if (point.time - before > intervalMs * 1.5) stretches.push([]);
    stretches.at(-1)?.push(point);
    before = point.time;
  }
  return stretches;
}

/** The usual distance of points in time: their median; 0 below two points. */
export function usualDistance(points: readonly { readonly time: number }[]): number {
  const distances = points.slice(1).map((point, index) => point.time - (points[index]?.time ?? point.time));
  return distances.sort((left, right) => left - right)[Math.floor(distances.length / 2)] ?? 0;
}

/** The stretches of a strategy in the market that touch [from, to]. */
export function staysWithin(trades: readonly StrategyTrade[], open: StrategyPosition | null, from: number, to: number): Stay[] {
  const over = trades
    .filter((trade) => trade.closedAt > from && trade.openedAt < to)
    .map((trade): Stay => ({
      from: trade.openedAt, to: trade.closedAt, entryPrice: trade.entryPrice, exitPrice: trade.exitPrice,
      short: trade.short, profitPercent: trade.profitPercent,
    }));
  if (!open || open.openedAt === null) return over;
  return [...over, { from: open.openedAt, to, entryPrice: open.entryPrice, exitPrice: null, short: open.short, profitPercent: null }];
}

/** Every price that a chart of these must have room for. */
export function pricesOf(candles: readonly Candle[], lines: readonly Line[], open: StrategyPosition | null): number[] {
  const held = open ? [open.entryPrice, open.stopPrice] : [];
  const ofLines = lines.flatMap((line) => line.points.map((point) => point.value));
  return [...candles.flatMap((candle) => [candle.high, candle.low]), ...ofLines, ...held].filter((price) => price > 0);
}

function linesOf(candles: readonly StrategyCandle[], kind: RegExp): Line[] {
  const names = [...new Set(candles.flatMap((candle) => Object.keys(candle.indicators)))].filter((name) => kind.test(name));
  const length = (name: string): number => Number(name.split('_')[1] ?? 0);
  return names
    .sort((left, right) => length(left) - length(right))
    .map((name) => ({
      name,
      points: candles.flatMap((candle) => {
        const value = candle.indicators[name];
        return value === undefined ? [] : [{ time: candle.time, value }];
      }),
    }));
}
