import { describe, expect, it } from 'vitest';
import { readJobs, readTradingStatus } from '../wire/status';
import { parityVerdict } from './parity';

const verdict = (parity: object) => parityVerdict(readTradingStatus({ parity }).parity);

describe('the nightly replay', () => {
  it('has not run before the first day is over', () => {
    expect(parityVerdict(readTradingStatus({}).parity).word).toBe('not yet');
  });

  it('matches, with how much was compared', () => {
    expect(verdict({ day: '2026-01-05', state: 'STATE_MATCH', decisions: '1204', events: '88120' })).toEqual({
      word: 'MATCH', detail: '2026-01-05, 1,204 decisions over 88,120 events', fine: true,
    });
  });

  it('differs, with the first difference', () => {
    expect(verdict({ day: '2026-01-05', state: 'STATE_DIFFER', decisions: '9', differences: '2', firstDifference: '7.all: entered → rejected at bundle' })).toEqual({
      word: 'DIFFER', detail: '2026-01-05, 2 of 9 decisions; first: 7.all: entered → rejected at bundle', fine: false,
    });
    expect(verdict({ day: '2026-01-05', state: 'STATE_DIFFER', reason: 'the state at the end is another' }).detail).toMatch(/0 of 0 decisions; the state at the end is another$/);
  });

  it('says why it was not possible', () => {
    expect(verdict({ day: '2026-01-05', state: 'STATE_NOT_POSSIBLE', reason: 'the log begins at 14:00' })).toEqual({
      word: 'not possible', detail: '2026-01-05: the log begins at 14:00', fine: false,
    });
  });
});

describe('readJobs', () => {
  it('tells a job that never ran from one that failed', () => {
    const [fresh, failed] = readJobs({
      jobs: [
        { name: 'parity', cadence: 'each UTC day', lastOutcome: 'OUTCOME_UNSPECIFIED' },
        { name: 'retention', runs: '3', failures: '1', lastOutcome: 'OUTCOME_FAILED', lastDurationMs: 12.5, lastError: 'disk full' },
      ],
    });
    expect([fresh?.lastOutcome, fresh?.lastDurationMs, fresh?.runs]).toEqual(['', null, 0]);
    expect([failed?.lastOutcome, failed?.lastDurationMs, failed?.lastError]).toEqual(['FAILED', 12.5, 'disk full']);
  });
});
