import { describe, expect, it } from 'vitest';
import { readComparison } from '../wire/comparison';
import { readStrategies } from '../wire/strategy';
import { comparisonSentence, difference, gainPercent, groupsOf, lengthText, markPrice, venueTitle } from './standing';

function strategy(venue: string, rules = 'ma_rsi', more: Readonly<Record<string, unknown>> = {}) {
  return { name: `${rules}-${venue}`, rules, venue: `VENUE_${venue}`, symbol: 'BTCUSDT', intervalSeconds: 300, simulated: true, ...more };
}

function comparison(more: Readonly<Record<string, unknown>>, trades: readonly [number, number] = [30, 25]) {
  const side = (exchange: string, count: number) => ({ exchange, strategy: exchange, trades: count, returnPercent: count / 10, nTooSmall: count < 20 });
  return readComparison({ exchanges: [side('binance', trades[0]), side('bybit', trades[1])], ...more });
}

describe('groupsOf', () => {
  it('puts the same rules on both exchanges side by side', () => {
    const strategies = readStrategies({ strategies: [strategy('BINANCE'), strategy('BINANCE', 'donchian'), strategy('BYBIT')] });
    expect(groupsOf(strategies).map((group) => [group.title, group.strategies.map(venueTitle)])).toEqual([
      ['ma_rsi · BTCUSDT 5 min', ['Binance (simulated)', 'Bybit (simulated)']],
      ['donchian · BTCUSDT 5 min', ['Binance (simulated)']],
    ]);
  });

  it('names the length of a candle', () => {
    expect([300, 3600, 14_400, 45].map(lengthText)).toEqual(['5 min', '1 h', '4 h', '45 s']);
  });
});

describe('an open position', () => {
  const held = { quantity: 0.02, entryPrice: 100_000, unrealisedUsd: -10, stopPrice: 98_000, targetPrice: 106_000 };

  it('is marked where its unrealised profit arises', () => {
    const [long, short] = ['LONG', 'SHORT'].map((side) => {
      const position = { ...held, direction: `POSITION_SIDE_${side}` };
      return readStrategies({ strategies: [strategy('BINANCE', 'x', { position })] })[0]?.position;
    });
    if (!long || !short) throw new Error('no position was read');
    expect([markPrice(long), markPrice(short)]).toEqual([99_500, 100_500]);
    expect(gainPercent(long, 99_500, long.stopPrice)).toBeCloseTo(-1.5075, 3);
    expect(gainPercent(short, 100_500, 98_000)).toBeGreaterThan(0);
  });

  it('is absent when flat', () => {
    expect(readStrategies({ strategies: [strategy('BINANCE')] })[0]?.position).toBeNull();
  });
});

describe('comparisonSentence', () => {
  it('names the leader', () => {
    expect(comparisonSentence(comparison({ leader: 'bybit', leadPercentPoints: 0.384 }))).toBe('Bybit leads Binance by 0.38 percentage points.');
  });

  it('says when there are too few trades, and when candles stopped', () => {
    const few = comparison({ leader: 'binance', leadPercentPoints: 1, caution: 'fewer than 20 trades: the difference says little' }, [9, 8]);
    expect(comparisonSentence(few)).toBe('Binance leads Bybit by 1.00 percentage points. With 9 and 8 trades this is too few to call.');
    const stale = { ...few, exchanges: few.exchanges.map((each) => ({ ...each, stale: each.exchange === 'bybit' })) };
    expect(comparisonSentence(stale)).toMatch(/Candles have stopped coming on Bybit\.$/);
  });

  it('says a tie, and why there is no comparison', () => {
    expect(comparisonSentence(comparison({ tie: true }))).toBe('Binance and Bybit are level.');
    expect(comparisonSentence(comparison({ caution: 'they have no two candles in common yet' }))).toBe('They have no two candles in common yet.');
  });
});

describe('difference', () => {
  it('is the first less the second, and null where one lacks it', () => {
    const both = comparison({}).exchanges;
    expect(difference(both, (each) => each.trades)).toBe(5);
    expect(difference(both, (each) => (each.exchange === 'bybit' ? null : 1))).toBeNull();
  });
});
