import type { Position, PriceCheck } from '../wire/position';
import type { PricePoint } from '../wire/price';

/** A level of the stop from an instant on. */
export interface StopLevel {
  readonly time: number;
  readonly price: number;
}

/**
 * The levels of the stop over the position's life. It is kept with each raise; before the first one only an open
 * position says it.
 */
export function stopPath(position: Position, checks: readonly PriceCheck[]): StopLevel[] {
  const opened = position.openedAt;
  if (opened === null) return [];
  const raises = checks.map((check) => ({ time: Math.max(opened, check.time), price: check.stopPrice }));
  if (raises.length > 0 || position.stopPrice === null) return raises;
  return [{ time: opened, price: position.stopPrice }];
}

/** An open position with its stop where the newest raise put it: raises may be known before the position says them. */
export function withNewestRaise(position: Position, checks: readonly PriceCheck[]): Position {
  const newest = checks.at(-1);
  if (!newest || position.closedAt !== null || checks.length <= position.stopRaises) return position;
  const best = position.short ? { lowestPrice: newest.highestPrice } : { highestPrice: newest.highestPrice };
  return { ...position, ...best, stopPrice: newest.stopPrice, stopRaises: checks.length };
}

/** The points of a line before, while and after the position was open; neighbours share their border points. */
export function splitByLife(points: readonly PricePoint[], opened: number, closed: number | null): {
  readonly before: PricePoint[];
  readonly during: PricePoint[];
  readonly after: PricePoint[];
} {
  const end = closed ?? Infinity;
  const before = points.filter((point) => point.time <= opened);
  const during = points.filter((point) => point.time >= opened && point.time <= end);
  const after = points.filter((point) => point.time >= end);
  const [last, first] = [before.at(-1), after[0]];
  return { before, during: [...(last ? [last] : []), ...during, ...(first ? [first] : [])], after };
}

/** The best point of the position's life, undefined without any. */
export function bestPoint(points: readonly PricePoint[], short: boolean): PricePoint | undefined {
  return points.reduce<PricePoint | undefined>(
    (best, point) => (best === undefined || (short ? point.price < best.price : point.price > best.price) ? point : best),
    undefined,
  );
}
