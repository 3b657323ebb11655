import { describe, expect, it } from 'vitest';
import { markOf } from '../desk/mark';
import { readPosition } from '../wire/position';
import { resultSentence } from './result';

const entry = { averagePrice: 100, quantity: 10, feeUsd: 1, notionalUsd: 1000 };

describe('resultSentence', () => {
  it('says gross and net of a closed position', () => {
    const closed = readPosition({
      state: 'STATE_CLOSED', entry, exit: { averagePrice: 100.42, feeUsd: 1 }, profitUsd: 2.2, exitReason: 'EXIT_REASON_TRAILING_STOP',
    });
    expect(resultSentence(closed, null, 712_000)).toBe(
      'Closed at +0.42\u202F% by trailing stop after 12 min: +4.20 USD, +2.20 after fees.',
    );
  });

  it('says how an open one stands', () => {
    const open = readPosition({ state: 'STATE_OPEN', entry, stopPrice: 99 });
    expect(resultSentence(open, markOf(open, 101), 5000)).toBe(
      'Open for 5.0 s at +1.00\u202F%, 1.98\u202F% from its stop: +10.00 USD before the exit’s fee.',
    );
    expect(resultSentence(open, null, null)).toBe('Open; it has no mark yet.');
  });

  it('says why one was never filled', () => {
    expect(resultSentence(readPosition({ state: 'STATE_MISSED', exitNote: 'no book' }), null, null)).toBe('Never filled: no book.');
  });
});
