import { describe, expect, it } from 'vitest';
import { readPosition } from '../wire/position';
import { listSentence, positionRows, statusOf } from './list';
import { gaugeReach } from './gauge_reach';
import { positionsCsv } from './positions_csv';

const open = readPosition({ id: 'open', playId: 'a', state: 'STATE_OPEN', stopPrice: 99, entry: { averagePrice: 100, quantity: 1 } });
const old = readPosition({ id: 'old', playId: 'a', state: 'STATE_CLOSED', profitUsd: -0.4, closedAt: '2026-01-06T10:00:00Z' });
const recent = readPosition({ id: 'recent', playId: 'b', state: 'STATE_CLOSED', profitUsd: 1, closedAt: '2026-01-06T11:00:00Z' });
const missed = readPosition({ id: 'missed', playId: 'b', state: 'STATE_MISSED', exitNote: 'no book' });
const all = [old, missed, open, recent];

describe('positionRows', () => {
  it('shows open ones first, then the last ended', () => {
    expect(positionRows(all, 'all', '', 100).map((row) => row.position.id)).toEqual(['open', 'recent', 'old', 'missed']);
  });

  it('filters by status and play', () => {
    expect(positionRows(all, 'closed', 'a', 100).map((row) => row.position.id)).toEqual(['old']);
    expect(positionRows(all, 'missed', '', 100).map((row) => row.position.id)).toEqual(['missed']);
    expect(statusOf('closed')).toBe('closed');
    expect(statusOf('sold')).toBe('all');
  });
});

describe('listSentence', () => {
  it('says what is open, what is near, and what came of the rest', () => {
    expect(listSentence(positionRows(all, 'all', '', 100))).toBe(
      '1 position open, the nearest stop 1.00\u202F% away. 2 positions closed: +0.60 USD after fees.',
    );
    expect(listSentence([])).toBe('0 positions open.');
  });
});

describe('gaugeReach', () => {
  it('reaches the farthest, and never nothing', () => {
    expect(gaugeReach(positionRows([open], 'open', '', 104).map((row) => row.mark))).toBeCloseTo((5 / 104) * 110);
    expect(gaugeReach([null])).toBe(0.1);
  });
});

describe('positionsCsv', () => {
  it('leaves unknown cells empty', () => {
    const csv = positionsCsv([missed]);
    expect(csv.rows[0]).toHaveLength(csv.columns.length);
    expect(csv.rows[0]?.[csv.columns.indexOf('profit_usd')]).toBeNull();
  });
});
