import type { Account } from '../wire/account';
import type { Position } from '../wire/position';
import type { PriceHistory, PricePoint } from '../wire/price';

/** The account's equity at an instant, in USD. */
export interface EquityPoint {
  readonly time: number;
  readonly equity: number;
  /** The highest equity until then. */
  readonly peak: number;
}

/** Where the equity was farthest under its running peak. */
export interface Drawdown {
  readonly percent: number;
  readonly time: number;
  readonly equity: number;
  readonly peak: number;
  /** From the peak to the recovery, or to the newest point when there was none. */
  readonly lengthMs: number;
}

/** The equity step by step: what each closed position made after its fees, and the account as it is marked now. */
export interface EquityCurve {
  readonly points: readonly EquityPoint[];
  readonly drawdown: Drawdown | null;
  readonly closed: number;
}

/**
 * The curve through these positions that ends at the account's equity. It is counted back from the account, so
 * that it begins at the account's start when none of the closed positions is missing.
 */
export function equityCurve(account: Account, closed: readonly Position[], open: readonly Position[]): EquityCurve {
  const openEntryFeesUsd = open.reduce((total, position) => total + (position.entry?.feeUsd ?? 0), 0);
  const results = closed
    .flatMap((position) => (position.closedAt === null || position.profitUsd === null ? [] : [{ ...position, time: position.closedAt, made: position.profitUsd }]))
    .sort((left, right) => left.time - right.time);
  const first = results[0];
  const began = Math.min(first?.time ?? Infinity, ...[...closed, ...open].map((position) => position.openedAt ?? Infinity));
  const sum = results.reduce((total, result) => total + result.made, 0);
  let equity = account.equityUsd - account.unrealisedUsd + openEntryFeesUsd - sum;
  let peak = equity;
  const points: EquityPoint[] = Number.isFinite(began) ? [{ time: began, equity, peak }] : [];
  for (const result of results) {
    equity += result.made;
    peak = Math.max(peak, equity);
    points.push({ time: result.time, equity, peak });
  }
  const now = account.asOf;
  if (now !== null) points.push({ time: now, equity: account.equityUsd, peak: Math.max(peak, account.equityUsd) });
  return { points, drawdown: deepest(points), closed: results.length };
}

/** What the money would be worth that bought the token at an instant and held it, before costs. */
export interface Holding {
  /** Stretches between which no price is known. */
  readonly stretches: readonly (readonly { readonly time: number; readonly equity: number }[])[];
  /** At its end. */
  readonly equity: number;
  readonly percent: number;
}

/** The holding from `from` to `to` that begins with this equity; null without a price within `lateMs` of its beginning, or without a later one. */
export function heldInstead(history: PriceHistory, from: number, to: number, equity: number, lateMs: number): Holding | null {
  const first = priceAt(history, from, lateMs);
  if (!first) return null;
  const points = [first, ...history.points.filter((point) => point.time > first.time && point.time <= to)];
  const last = points.at(-1);
  if (!last || points.length < 2) return null;
  const worth = (price: number): number => (equity * price) / first.price;
  const stretches: { time: number; equity: number }[][] = [[]];
  let before = first.time;
  for (const point of points) {
    const broken = history.gaps.some((gap) => gap.from >= before && gap.to <= point.time);
    if (broken) stretches.push([]);
    stretches.at(-1)?.push({ time: point.time, equity: worth(point.price) });
    before = point.time;
  }
  return { stretches, equity: worth(last.price), percent: (last.price / first.price - 1) * 100 };
}

/** The last price before an instant, brought forward to it, or the first after it; undefined when neither is within `lateMs`. */
function priceAt(history: PriceHistory, instant: number, lateMs: number): PricePoint | undefined {
  const before = history.points.findLast((point) => point.time <= instant && point.time >= instant - lateMs);
  const unbroken = before && !history.gaps.some((gap) => gap.from >= before.time && gap.from < instant);
  if (unbroken) return { time: instant, price: before.price };
  return history.points.find((point) => point.time >= instant && point.time <= instant + lateMs);
}

function deepest(points: readonly EquityPoint[]): Drawdown | null {
  let worst: EquityPoint | null = null;
  let fall = 0;
  for (const point of points) {
    const here = point.equity / point.peak - 1;
    if (here >= fall) continue;
    fall = here;
    worst = point;
  }
  if (!worst) return null;
  const { peak, time } = worst;
  const from = points.find((point) => point.equity === peak)?.time ?? time;
  const recovered = points.find((point) => point.time > time && point.equity >= peak);
  const to = recovered?.time ?? points.at(-1)?.time ?? time;
  return { percent: fall * 100, time, equity: worst.equity, peak, lengthMs: to - from };
}

/** What came of the positions that were closed within a time. */
export interface Tally {
  readonly count: number;
  readonly won: number;
  readonly lost: number;
  readonly grossUsd: number;
  readonly feesUsd: number;
  readonly netUsd: number;
  /** What was won over what was lost, after fees; null without a loss. */
  readonly profitFactor: number | null;
}

/** Tallies closed positions by what they made after fees. */
export function tally(closed: readonly Position[]): Tally {
  let [won, lost, gains, losses, fees] = [0, 0, 0, 0, 0];
  for (const position of closed) {
    const made = position.profitUsd ?? 0;
    fees += (position.entry?.feeUsd ?? 0) + (position.exit?.feeUsd ?? 0);
    if (made > 0) [won, gains] = [won + 1, gains + made];
    if (made < 0) [lost, losses] = [lost + 1, losses - made];
  }
  const net = gains - losses;
  return { count: closed.length, won, lost, grossUsd: net + fees, feesUsd: fees, netUsd: net, profitFactor: losses > 0 ? gains / losses : null };
}

/** The ends of Wilson's 95 % interval of a rate, as fractions; null without any trial. */
export function wilson(wins: number, trials: number): { readonly low: number; readonly high: number } | null {
  if (trials === 0) return null;
  const z = 1.959964;
  const rate = wins / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (rate + (z * z) / (2 * trials)) / scale;
  const half = (z * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials))) / scale;
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
