import { describe, expect, it } from 'vitest';
import { readAccount } from '../wire/account';
import { readPosition } from '../wire/position';
import { equityCurve, tally, wilson } from './equity';

const closed = (id: string, minute: number, profitUsd: number) =>
  readPosition({
    id, state: 'STATE_CLOSED', profitUsd, openedAt: `2026-01-06T10:0${minute}:00Z`, closedAt: `2026-01-06T10:0${minute}:30Z`,
    entry: { feeUsd: 0.1, averagePrice: 100 }, exit: { feeUsd: 0.1, averagePrice: 100 },
  });
const account = (change: object) =>
  readAccount({ account: { startUsd: 1000, equityUsd: 1003.9, unrealisedUsd: 1, asOf: '2026-01-06T10:09:00Z', ...change } });

describe('equityCurve', () => {
  it('begins at the start and ends at the account, in order of closing', () => {
    const curve = equityCurve(account({}), [closed('b', 2, -4), closed('a', 1, 5), closed('c', 3, 2)], [closed('open', 4, 0)]);
    expect(curve.points.map((point) => Number(point.equity.toFixed(2)))).toEqual([1000, 1005, 1001, 1003, 1003.9]);
    expect(curve.drawdown?.percent).toBeCloseTo((-4 / 1005) * 100);
    expect(curve.drawdown?.lengthMs).toBe(7.5 * 60_000);
    expect(curve.closed).toBe(3);
  });

  it('has one point and no drawdown before the first trade', () => {
    const curve = equityCurve(account({ equityUsd: 1000, unrealisedUsd: 0 }), [], []);
    expect(curve.points).toHaveLength(1);
    expect(curve.drawdown).toBeNull();
  });
});

describe('tally', () => {
  it('sums gross, fees and net to the cent', () => {
    const sum = tally([closed('a', 1, 5), closed('b', 2, -4)]);
    expect(sum).toMatchObject({ count: 2, won: 1, lost: 1 });
    expect(sum.netUsd).toBeCloseTo(1);
    expect(sum.grossUsd - sum.feesUsd).toBeCloseTo(sum.netUsd);
    expect(sum.profitFactor).toBeCloseTo(1.25);
    expect(tally([]).profitFactor).toBeNull();
  });
});

describe('wilson', () => {
  it('gives the published interval, and none without trials', () => {
    const interval = wilson(4, 7);
    expect(interval?.low).toBeCloseTo(0.25, 2);
    expect(interval?.high).toBeCloseTo(0.842, 3);
    expect(wilson(0, 0)).toBeNull();
  });
});
