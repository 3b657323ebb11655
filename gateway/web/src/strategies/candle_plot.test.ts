import { describe, expect, it } from 'vitest';
import { candlesSql, readCandles } from '../wire/candle';
import { readAnswer } from '../wire/query';
import { readEquity, readStrategyTrades } from '../wire/strategy';
import { indicatorTitle, oscillatorLines, priceLines, staysWithin, unbroken, usualDistance } from './candle_plot';

const minute = 60_000;
const at = (minutes: number): string => new Date(minutes * minute).toISOString();

const decided = readEquity({
  points: [
    { time: at(5), close: 100, indicators: {} },
    { time: at(10), close: 101, indicators: { sma_25: 99, sma_7: 100, rsi_14: 40, height_percent: 12 } },
    { time: at(15), close: 102, indicators: { sma_25: 99.5, sma_7: 100.5, rsi_14: 45, height_percent: 14 } },
  ],
});

describe('lines of indicators', () => {
  it('are prices in order of their length, and oscillators apart', () => {
    expect(priceLines(decided).map((line) => [indicatorTitle(line.name), line.points.map((point) => point.value)])).toEqual([
      ['SMA 7', [100, 100.5]], ['SMA 25', [99, 99.5]],
    ]);
    expect(oscillatorLines(decided).map((line) => line.name)).toEqual(['rsi_14']);
  });

  it('break where a candle is missing', () => {
    const points = [5, 10, 15, 25, 30].map((minutes) => ({ time: minutes * minute }));
    expect(unbroken(points, 5 * minute).map((stretch) => stretch.length)).toEqual([3, 2]);
    expect(usualDistance(points)).toBe(5 * minute);
    expect(usualDistance([])).toBe(0);
  });
});

describe('staysWithin', () => {
  const trade = (opened: number, closed: number) => ({ openedAt: at(opened), closedAt: at(closed), entryPrice: 1, exitPrice: 2, profitPercent: 1 });
  const trades = readStrategyTrades({ trades: [trade(0, 4), trade(4, 11), trade(12, 14), trade(21, 30)] });

  it('keeps what touches the chart', () => {
    expect(staysWithin(trades, null, 10 * minute, 20 * minute).map((stay) => stay.to / minute)).toEqual([11, 14]);
  });

  it('lets what is open reach to the end', () => {
    const open = { short: false, quantity: 1, entryPrice: 5, openedAt: 18 * minute, entryReason: '', stopPrice: 4, targetPrice: null, notionalUsd: 5, unrealisedUsd: 0 };
    expect(staysWithin([], open, 10 * minute, 20 * minute)).toEqual([
      { from: 18 * minute, to: 20 * minute, entryPrice: 5, exitPrice: null, short: false, profitPercent: null },
    ]);
  });
});

describe('candles', () => {
  it('are read oldest first, without those that lack a price', () => {
    const rows = [['1970-01-01 00:10:00', 2, 3, 1, 2.5], ['1970-01-01T00:05:00Z', 1, 2, 1, 2], [null, 1, 1, 1, 1], ['1970-01-01 00:15:00', null, 1, 1, 1]];
    expect(readCandles(readAnswer({ rows })).map((candle) => candle.time / minute)).toEqual([5, 10]);
  });

  it('are asked for by a text that nothing breaks out of', () => {
    expect(candlesSql({ venue: 'binance', symbol: "X'; --", intervalSeconds: 60 }, 5)).toContain("symbol = 'X''; --'");
  });
});
