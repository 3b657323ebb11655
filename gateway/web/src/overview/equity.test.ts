import { describe, expect, it } from 'vitest';
import { readAccount } from '../wire/account';
import { readPosition } from '../wire/position';
import { readHistory } from '../wire/price';
import { equityCurve, heldInstead, tally, wilson } from './equity';

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

  it('begins with the first position, though none was left yet', () => {
    const curve = equityCurve(account({ equityUsd: 1000.9 }), [], [closed('open', 4, 0)]);
    expect(curve.points.map((point) => Number(point.equity.toFixed(2)))).toEqual([1000, 1000.9]);
    expect(curve.points[0]?.time).toBe(Date.UTC(2026, 0, 6, 10, 4));
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

describe('heldInstead', () => {
  const at = (second: number): string => new Date(second * 1000).toISOString();
  const history = readHistory({
    points: [{ time: at(5), price: 90 }, { time: at(10), price: 100 }, { time: at(20), price: 110 }, { time: at(40), price: 105 }],
    gaps: [{ from: at(20), to: at(39) }],
  });

  const values = (held: ReturnType<typeof heldInstead>) => held?.stretches.map((stretch) => stretch.map((point) => Math.round(point.equity)));

  it('begins with the equity at the last price before, follows the price, and breaks where none is known', () => {
    const held = heldInstead(history, 12_000, 50_000, 1000, 5000);
    expect(values(held)).toEqual([[1000, 1100], [1050]]);
    expect(held?.stretches[0]?.[0]?.time).toBe(12_000);
    expect([Math.round(held?.equity ?? 0), held?.percent.toFixed(6)]).toEqual([1050, '5.000000']);
  });

  it('begins with the first price where none is known from before', () => {
    expect(values(heldInstead(history, 4000, 15_000, 900, 5000))).toEqual([[900, 1000]]);
  });

  it('ends where the curve does', () => {
    expect(heldInstead(history, 10_000, 20_000, 1000, 0)?.percent).toBeCloseTo(10);
  });

  it('is not told when no price is near its beginning, or no other follows', () => {
    expect(heldInstead(history, 1000, 50_000, 1000, 3000)).toBeNull();
    expect(heldInstead(history, 50_000, 60_000, 1000, 3000)).toBeNull();
    expect(heldInstead(history, 30_000, 60_000, 1000, 9000)).toBeNull();
    expect(heldInstead(history, 40_000, 60_000, 1000, 3000)).toBeNull();
  });
});
