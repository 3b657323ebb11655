import { describe, expect, it } from 'vitest';
import { decimalsOf, direction, fixed, integer, percent, signed, signedPercent } from './number';

describe('numbers', () => {
  it('have a true minus and thousands commas', () => {
    expect(fixed(-1234.5)).toBe('\u22121,234.50');
    expect(integer(1482113)).toBe('1,482,113');
  });

  it('lose their sign when they round to zero', () => {
    expect(signed(0.004)).toBe('0.00');
    expect(signed(-0.004)).toBe('0.00');
    expect(fixed(-0.001)).toBe('0.00');
    expect(direction(-0.004)).toBe(0);
  });

  it('carry their sign otherwise', () => {
    expect(signed(4.24)).toBe('+4.24');
    expect(signedPercent(-0.22)).toBe('\u22120.22\u202F%');
    expect(percent(0.3)).toBe('0.30\u202F%');
    expect(direction(-0.2)).toBe(-1);
  });

  it('need as many decimals as the finest price', () => {
    expect(decimalsOf([132.47, 132.485])).toBe(3);
    expect(decimalsOf([132.4])).toBe(2);
    expect(decimalsOf([0.123456789])).toBe(4);
  });
});
