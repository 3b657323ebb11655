import { describe, expect, it } from 'vitest';
import { readDecisions } from '../wire/decision';
import { histogramOf, measuredAt } from './histogram';

describe('measuredAt', () => {
  it('takes what the gate measured where it refused', () => {
    const decision = (gate: string, measured: number | undefined, passed = false) => ({
      time: '2026-01-06T14:32:00Z', evaluations: [{ gate: 'GATE_WALLET_LISTED', passed: true, measured: 9 }, { gate, measured, passed }],
    });
    const decisions = readDecisions({
      decisions: [decision('GATE_BUNDLE', 1), decision('GATE_TIMING', 0.2), decision('GATE_BUNDLE', 3, true), decision('GATE_BUNDLE', undefined), decision('GATE_BUNDLE', 2)],
    });
    expect(measuredAt(decisions, 'BUNDLE')).toEqual([1, 2]);
    expect(measuredAt(decisions, 'WALLET_LISTED')).toEqual([]);
  });
});

describe('histogramOf', () => {
  it('has a bin for each of a few whole numbers, up to the threshold', () => {
    const histogram = histogramOf([1, 1, 2, 1], 3);
    expect(histogram?.whole).toBe(true);
    expect(histogram?.bins.map((bin) => [bin.from, bin.count])).toEqual([[1, 3], [2, 1], [3, 0]]);
  });

  it('loses no value in bins of round width, and reaches to the threshold', () => {
    const values = Array.from({ length: 500 }, (_, index) => Math.sin(index) * 0.37 - 0.11);
    const histogram = histogramOf(values, 1.3);
    if (!histogram) throw new Error('no histogram');
    expect(histogram.bins.reduce((total, bin) => total + bin.count, 0)).toBe(500);
    expect(histogram.bins.length).toBeLessThanOrEqual(18);
    expect(histogram.bins[0]?.from).toBeLessThanOrEqual(Math.min(...values));
    expect(histogram.bins.at(-1)?.to).toBeGreaterThan(1.3);
    for (const bin of histogram.bins) {
      const inside = values.filter((value) => value >= bin.from - 1e-9 && value < bin.to - 1e-9).length;
      expect(bin.count).toBe(inside);
    }
  });

  it('stands on a single value, and on none not at all', () => {
    expect(histogramOf([306.5], null)?.bins.map((bin) => bin.count)).toEqual([1]);
    expect(histogramOf([0], null)?.bins.map((bin) => bin.count)).toEqual([1]);
    expect(histogramOf([], 3)).toBeNull();
  });
});
