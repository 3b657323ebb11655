import { describe, expect, it } from 'vitest';
import { clockTime, duration, limit, timeOn } from './time';

describe('ages', () => {
  it('change their unit with their size', () => {
    expect(duration(600)).toBe('0.6 s');
    expect(duration(41_200)).toBe('41 s');
    expect(duration(26 * 60_000)).toBe('26 min');
    expect(duration(73 * 60_000)).toBe('1 h 13 min');
    expect(duration(9.2 * 86_400_000)).toBe('9.2 days');
  });

  it('never show a unit that is full', () => {
    expect(duration(9_960)).toBe('10 s');
    expect(duration(59_600)).toBe('1 min');
    expect(duration(59.7 * 60_000)).toBe('1 h 0 min');
  });

  it('are never negative', () => {
    expect(duration(-300)).toBe('0.0 s');
  });
});

describe('times', () => {
  const instant = Date.UTC(2026, 0, 6, 14, 32, 7);

  it('are UTC', () => {
    expect(clockTime(instant)).toBe('14:32:07');
  });

  it('name the day when it is not today', () => {
    expect(timeOn(instant, instant + 1000)).toBe('14:32:07');
    expect(timeOn(instant, instant + 86_400_000)).toBe('6 Jan 14:32:07');
  });

  it('say limits without idle decimals', () => {
    expect(limit(5000)).toBe('5 s');
    expect(limit(2500)).toBe('2.5 s');
    expect(limit(600_000)).toBe('10 min');
  });
});
