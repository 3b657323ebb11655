import { describe, expect, it } from 'vitest';
import { readCycle } from '../wire/cycle';
import { whereInCycle } from './sentence';

const cycle = readCycle({
  id: '30.1',
  thresholdPercent: 0.3,
  startTime: '2026-01-06T14:12:00Z',
  highestPrice: 132.68,
  resetPrice: 132.28196,
  active: true,
})!;

describe('whereInCycle', () => {
  it('says how far under the peak, and where the cycle ends', () => {
    expect(whereInCycle(132.48, cycle)).toBe(
      'SOL 132.48 USD, 0.15\u202F% under the peak of its 0.30\u202F% cycle, which ends at 132.28.',
    );
  });

  it('says when price is at the peak', () => {
    expect(whereInCycle(132.68, cycle)).toContain('at the peak of its 0.30');
  });

  it('does without a cycle', () => {
    expect(whereInCycle(132.48, undefined)).toBe('SOL 132.48 USD. No cycle is active yet.');
  });
});
