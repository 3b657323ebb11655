import { describe, expect, it } from 'vitest';
import { retryDelay } from './backoff';

describe('retryDelay', () => {
  it('doubles from half a second', () => {
    expect([1, 2, 3, 4].map((attempt) => retryDelay(attempt, 0))).toEqual([250, 500, 1000, 2000]);
  });

  it('never exceeds 15 s, however many attempts there were', () => {
    expect(retryDelay(40, 0.999)).toBeLessThanOrEqual(15_000);
    expect(retryDelay(5000, 0)).toBe(7500);
  });

  it('spreads over half of its length', () => {
    expect(retryDelay(4, 0.5)).toBe(3000);
    expect(retryDelay(4, 0.999)).toBe(3998);
  });
});
