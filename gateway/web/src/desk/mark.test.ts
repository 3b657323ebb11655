import { describe, expect, it } from 'vitest';
import { readPosition, type Position } from '../wire/position';
import { closedGainPercent, excursions, markOf, nearestStopFirst } from './mark';

function position(change: object = {}): Position {
  return readPosition({
    id: '7.all', state: 'STATE_OPEN', direction: 'POSITION_SIDE_LONG', highestPrice: 102, lowestPrice: 99, currentPrice: 101, stopPrice: 98,
    entry: { averagePrice: 100, quantity: 2, notionalUsd: 200 }, ...change,
  });
}

describe('markOf', () => {
  it('measures gain and room from the given price, else from its own', () => {
    const mark = markOf(position(), 104);
    expect(mark?.gainPercent).toBeCloseTo(4);
    expect(mark?.gainUsd).toBeCloseTo(8);
    expect(mark?.distancePercent).toBeCloseTo((6 / 104) * 100);
    expect(mark?.bestRoomPercent).toBe(mark?.distancePercent);
    expect(markOf(position(), null)?.gainPercent).toBeCloseTo(1);
  });

  it('is mirrored for a short', () => {
    const mark = markOf(position({ direction: 'POSITION_SIDE_SHORT', stopPrice: 103 }), 99);
    expect(mark?.gainPercent).toBeCloseTo(1);
    expect(mark?.distancePercent).toBeCloseTo((4 / 99) * 100);
    expect(mark?.entryRoomPercent).toBeCloseTo((3 / 99) * 100);
  });

  it('is null before the fill, and has no distance without a stop', () => {
    expect(markOf(position({ entry: undefined }), 100)).toBeNull();
    expect(markOf(position({ stopPrice: undefined }), 100)?.distancePercent).toBeNull();
  });
});

describe('nearestStopFirst', () => {
  it('puts what breaks first in front and the unmarked last', () => {
    const rows = [position({ id: 'far', stopPrice: 90 }), position({ id: 'none', entry: undefined }), position({ id: 'near', stopPrice: 99.9 })];
    expect(nearestStopFirst(rows, 100).map((row) => row.position.id)).toEqual(['near', 'far', 'none']);
  });
});

describe('a closed position', () => {
  it('has a gain by its fills and excursions by its side', () => {
    const closed = position({ exit: { averagePrice: 101 } });
    expect(closedGainPercent(closed)).toBeCloseTo(1);
    expect(excursions(closed)).toEqual({ worst: expect.closeTo(-1), best: expect.closeTo(2) });
    expect(excursions(position({ direction: 'POSITION_SIDE_SHORT' }))).toEqual({ worst: expect.closeTo(-2), best: expect.closeTo(1) });
    expect(closedGainPercent(position())).toBeNull();
  });
});
