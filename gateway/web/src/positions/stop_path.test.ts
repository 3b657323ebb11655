import { describe, expect, it } from 'vitest';
import { readPosition, readPriceChecks } from '../wire/position';
import { bestPoint, splitByLife, stopPath, withNewestRaise } from './stop_path';

const opened = Date.UTC(2026, 0, 6, 10);
const position = (change: object = {}) => readPosition({ state: 'STATE_OPEN', openedAt: '2026-01-06T10:00:00Z', ...change });
const checks = readPriceChecks({
  checks: [
    { seq: '9', time: '2026-01-06T10:01:00Z', stopPrice: 101 },
    { seq: '4', time: '2026-01-06T09:59:59Z', stopPrice: 100 },
  ],
});

describe('stopPath', () => {
  it('steps with each raise, not before the position was open', () => {
    expect(stopPath(position(), checks)).toEqual([{ time: opened, price: 100 }, { time: opened + 60_000, price: 101 }]);
  });

  it('is the present stop when it was never raised, and nothing when nothing is known', () => {
    expect(stopPath(position({ stopPrice: 98 }), [])).toEqual([{ time: opened, price: 98 }]);
    expect(stopPath(position(), [])).toEqual([]);
    expect(stopPath(readPosition({}), checks)).toEqual([]);
  });
});

describe('withNewestRaise', () => {
  it('moves the stop of an open position that does not say its raises yet', () => {
    expect(withNewestRaise(position({ stopPrice: 98, stopRaises: 0 }), checks)).toMatchObject({ stopPrice: 101, stopRaises: 2 });
    expect(withNewestRaise(position({ stopPrice: 103, stopRaises: 3 }), checks).stopPrice).toBe(103);
    expect(withNewestRaise(position({ closedAt: '2026-01-06T11:00:00Z' }), checks).stopPrice).toBeNull();
  });
});

describe('splitByLife', () => {
  const points = [1, 2, 3, 4, 5].map((second) => ({ time: second * 1000, price: 100 + second }));

  it('cuts at entry and exit without a gap', () => {
    const parts = splitByLife(points, 2500, 4500);
    expect([parts.before, parts.during, parts.after].map((part) => part.map((point) => point.time / 1000))).toEqual([[1, 2], [2, 3, 4, 5], [5]]);
    expect(splitByLife(points, 2500, null).after).toEqual([]);
  });

  it('finds the best of either side', () => {
    expect(bestPoint(points, false)?.price).toBe(105);
    expect(bestPoint(points, true)?.price).toBe(101);
    expect(bestPoint([], true)).toBeUndefined();
  });
});
