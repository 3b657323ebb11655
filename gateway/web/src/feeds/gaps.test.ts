import { describe, expect, it } from 'vitest';
import { readGaps } from '../wire/gap';
import { gapsCsv, kindWords, stretchesOf, stretchWords } from './gaps';

const at = (minute: number): number => Date.UTC(2026, 0, 6, 14, minute);
const iso = (minute: number): string => new Date(at(minute)).toISOString();

const { gaps, truncated, completeFrom } = readGaps({
  gaps: [
    { kind: 'KIND_STALE', feed: 'trades', eventTime: iso(50), from: iso(49), reason: 'no trade' },
    { kind: 'KIND_GAP', feed: 'books', symbol: 'SOLUSDT', eventTime: iso(31), from: iso(29), to: iso(31), reason: 'U 9 after 7' },
    { kind: 'KIND_RESYNC', feed: 'books', symbol: 'BTCUSDT', eventTime: iso(30), from: iso(28), to: iso(30) },
    { kind: 'KIND_GAP', feed: 'books', eventTime: iso(5), from: iso(1), to: iso(4) },
  ],
  completeFrom: iso(0),
});

describe('gaps', () => {
  it('are read with both ends, and what is no longer known', () => {
    expect([truncated, completeFrom, gaps.length]).toEqual([false, at(0), 4]);
    expect(gaps[0]).toMatchObject({ kind: 'STALE', feed: 'trades', symbol: '', from: at(49), to: null });
  });

  it('are one stretch where they overlap, and end where the line ends', () => {
    expect(stretchesOf(gaps, 'books', at(3), at(60))).toEqual([{ from: at(3), to: at(4) }, { from: at(28), to: at(31) }]);
    expect(stretchesOf(gaps, 'trades', at(0), at(60))).toEqual([{ from: at(49), to: at(60) }]);
    expect(stretchesOf(gaps, 'books', at(10), at(20))).toEqual([]);
  });

  it('are said in words and kept in a table', () => {
    expect(stretchWords(stretchesOf(gaps, 'books', at(0), at(60)))).toBe('2 gaps, 6 min');
    expect(stretchWords([])).toBe('none');
    expect(kindWords('RESYNC')).toBe('book fetched anew');
    expect(gapsCsv(gaps).rows[1]).toEqual(['GAP', 'books', 'SOLUSDT', iso(31), iso(29), iso(31), 'U 9 after 7']);
  });
});
