import { describe, expect, it } from 'vitest';
import { readCycle } from '../wire/cycle';
import { shapeOf } from './end_line';
import type { Slot } from './slots';

const slots: Slot[] = [100, 101, 103, 102].map((price, index) => ({ time: 10 + index, price, beforeGap: false }));

function cycle(startSeconds: number, peak: number) {
  return readCycle({
    id: '100.1',
    thresholdPercent: 1,
    startTime: new Date(startSeconds * 1000).toISOString(),
    startPrice: 101,
    highestPrice: peak,
    resetPrice: peak * 0.99,
    active: true,
  })!;
}

describe('shapeOf', () => {
  it('begins in the slot of the cycle and only rises', () => {
    const { steps } = shapeOf(cycle(11.4, 103), slots);
    expect(steps.map((step) => step.time)).toEqual([11, 12, 13]);
    expect(steps.map((step) => Number(step.price.toFixed(2)))).toEqual([99.99, 101.97, 101.97]);
  });

  it('ends at the reset price that the engine says', () => {
    const { steps } = shapeOf(cycle(11, 103.02), slots);
    expect(steps.at(-1)?.price).toBeCloseTo(103.02 * 0.99);
  });

  it('finds the peak, and says so when it lies outside of the chart', () => {
    expect(shapeOf(cycle(11, 103), slots).peak?.time).toBe(12);
    expect(shapeOf(cycle(5, 120), slots).peak).toBeNull();
  });
});
