import { describe, expect, it } from 'vitest';
import { gapsAfterTick, slotOf, splitAtGaps } from './slots';

const points = [
  { time: 0, price: 10 },
  { time: 1000, price: 11 },
  { time: 3000, price: 12 },
  { time: 20_000, price: 13 },
];

describe('splitAtGaps', () => {
  it('keeps the last price of each slot on an even axis', () => {
    const slots = splitAtGaps(points, [], 0, 6000, 2);
    expect(slots.map((slot) => slot.time)).toEqual([0, 2, 4, 6]);
    expect(slots.map((slot) => slot.price)).toEqual([11, 12, null, null]);
  });

  it('marks the last price before a gap and no other', () => {
    const slots = splitAtGaps(points, [{ from: 3000, to: 20_000 }], 0, 20_000, 2);
    expect(slots.filter((slot) => slot.beforeGap).map((slot) => slot.time)).toEqual([2]);
  });

  it('bridges what the server does not call a gap, such as thinned points', () => {
    const slots = splitAtGaps(points, [], 0, 20_000, 2);
    expect(slots.some((slot) => slot.beforeGap)).toBe(false);
  });

  it('marks nothing when a gap lies within one slot', () => {
    const slots = splitAtGaps(points, [{ from: 3000, to: 20_000 }], 0, 60_000, 60);
    expect(slots.some((slot) => slot.beforeGap)).toBe(false);
  });

  it('leaves out what lies outside of the window', () => {
    const slots = splitAtGaps(points, [], 2000, 4000, 2);
    expect(slots.map((slot) => slot.price)).toEqual([12, null]);
  });
});

describe('gapsAfterTick', () => {
  it('adds a gap only beyond five seconds', () => {
    expect(gapsAfterTick([], { time: 0, price: 1 }, { time: 5000, price: 1 })).toEqual([]);
    expect(gapsAfterTick([], { time: 0, price: 1 }, { time: 5001, price: 1 })).toEqual([{ from: 0, to: 5001 }]);
    expect(gapsAfterTick([], undefined, { time: 9000, price: 1 })).toEqual([]);
  });

  it('puts instants into slots by their start', () => {
    expect(slotOf(7999, 4)).toBe(4);
    expect(slotOf(8000, 4)).toBe(8);
  });
});
