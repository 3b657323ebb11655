import { describe, expect, it } from 'vitest';
import { extent, linear, linePath, niceTicks, stepped, timeTicks } from './scale';

describe('linear', () => {
  it('maps and maps back', () => {
    const scale = linear(10, 20, 0, 100);
    expect(scale(15)).toBe(50);
    expect(scale.invert(25)).toBe(12.5);
    expect(linear(3, 3, 0, 100)(3)).toBe(50);
  });
});

describe('niceTicks', () => {
  it('chooses round values inside', () => {
    expect(niceTicks(9.7, 10.31, 3)).toEqual([9.8, 10, 10.2]);
    expect(niceTicks(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2]);
    expect(niceTicks(1, 1, 3)).toEqual([]);
  });
});

describe('timeTicks', () => {
  it('stands on round UTC times', () => {
    const from = Date.UTC(2026, 0, 6, 11, 59, 30);
    expect(timeTicks(from, from + 600_000, 5).map((tick) => new Date(tick).toISOString().slice(11, 16))).toEqual(['12:00', '12:02', '12:04', '12:06', '12:08']);
    expect(timeTicks(from, from, 5)).toEqual([]);
  });
});

describe('extent', () => {
  it('leaves a margin and survives one value or none', () => {
    expect(extent([1, 3], 0.1)).toEqual({ low: 0.8, high: 3.2 });
    expect(extent([100], 0.1)).toEqual({ low: 99.99, high: 100.01 });
    expect(extent([], 0.1)).toEqual({ low: 0, high: 1 });
  });
});

describe('paths', () => {
  it('steps keep a value until the next', () => {
    expect(stepped([[0, 1], [2, 5]])).toEqual([[0, 1], [2, 1], [2, 5]]);
    expect(linePath([[0, 1], [2, 5]])).toBe('M0.0 1.0L2.0 5.0');
    expect(linePath([])).toBe('');
  });
});
