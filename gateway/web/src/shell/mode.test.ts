import { describe, expect, it } from 'vitest';
import { modeTag } from './mode';

describe('modeTag', () => {
  it('names each mode and hatches all but live', () => {
    expect(modeTag('SIMULATED', null)).toEqual({ text: 'SIMULATED', hatched: true });
    expect(modeTag('REPLAY', 60)).toEqual({ text: 'REPLAY ×60', hatched: true });
    expect(modeTag('REPLAY', 0)?.text).toBe('REPLAY ×max');
    expect(modeTag('LIVE', null)).toEqual({ text: 'LIVE', hatched: false });
    expect(modeTag('UNSPECIFIED', null)).toBeNull();
  });
});
