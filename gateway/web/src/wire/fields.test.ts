import { describe, expect, it } from 'vitest';
import { enumName, fieldsOf, instantOf, numberOf, parseInstant } from './fields';

describe('fields', () => {
  it('reads 64-bit numbers that come as text, and 0 for absent ones', () => {
    expect(numberOf({ seq: '1482113' }, 'seq')).toBe(1482113);
    expect(numberOf({}, 'seq')).toBe(0);
    expect(numberOf({ seq: 'x' }, 'seq')).toBe(0);
  });

  it('treats anything but an object as empty', () => {
    expect(fieldsOf(null)).toEqual({});
    expect(fieldsOf([1])).toEqual({});
  });

  it('reads RFC 3339 with nanoseconds and the SQL form as UTC', () => {
    const expected = Date.UTC(2026, 0, 6, 14, 32, 6, 123);
    expect(parseInstant('2026-01-06T14:32:06.123456789Z')).toBe(expected);
    expect(parseInstant('2026-01-06 14:32:06.123')).toBe(expected);
    expect(parseInstant('2026-01-06 14:32:06.123+00')).toBe(expected);
    expect(parseInstant('soon')).toBeNull();
    expect(instantOf({ at: expected * 1000 }, 'at')).toBe(expected);
  });

  it('strips the prefix of enum names', () => {
    expect(enumName({ state: 'STATE_LIVE' }, 'state', 'STATE_')).toBe('LIVE');
    expect(enumName({}, 'state', 'STATE_')).toBe('');
  });
});
