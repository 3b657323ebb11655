import { describe, expect, it } from 'vitest';
import { decisionLine, idOf, planRequest, readPlan } from '../wire/plan';
import { planCsv, planSentence } from './plan_words';

describe('planSentence', () => {
  it('says positions, gain and its interval', () => {
    const plan = readPlan({ addedCount: 3, removedCount: 11, changedCount: 2, profitUsd: -4.1, profitUncertaintyUsd: 7.9 });
    expect(planSentence(plan)).toBe('Adds 3, removes 11, changes 2 positions: \u22124.10 USD after fees (\u221212.00 to +3.80).');
  });

  it('gives no interval for fewer than two positions', () => {
    expect(planSentence(readPlan({ addedCount: 1, profitUsd: 0.5 }))).toMatch(/\+0\.50 USD after fees \(too few for an interval\)\.$/);
  });

  it('tells nothing from other reasons', () => {
    expect(planSentence(readPlan({}))).toBe('Nothing would have been decided otherwise.');
    expect(planSentence(readPlan({ decisions: ['7.all: rejected at bundle → rejected at timing'] }))).toBe('Other reasons for some decisions, the same positions.');
  });
});

describe('a plan', () => {
  it('is read with what is absent as null', () => {
    const plan = readPlan({ before: { trades: 2, profitUsd: 1 }, beginsLate: '2026-01-06T14:00:00Z' });
    expect([plan.before.maxDrawdownPercent, plan.uncertaintyUsd, plan.after.trades]).toEqual([null, null, 0]);
    expect(plan.beginsLate).toBe(Date.UTC(2026, 0, 6, 14));
  });

  it('names decisions by their id', () => {
    expect(decisionLine('7.all: entered → rejected at bundle')).toEqual({ id: '7.all', change: 'entered → rejected at bundle' });
    expect(planCsv('all', readPlan({ removed: ['9.all'], decisions: ['7.all: a → b'] })).rows.map((row) => row.slice(0, 3))).toEqual([
      ['removed', '9.all', ''], ['decision', '7.all', 'a → b'],
    ]);
  });

  it('is asked for up to the log’s end unless another end is said', () => {
    const play = { name: 'Some  Play!' };
    expect(planRequest(play, 0, null)).toEqual({ play, from: '1970-01-01T00:00:00.000Z' });
    expect(planRequest(play, 0, 1)).toMatchObject({ to: '1970-01-01T00:00:00.001Z' });
    expect([idOf(play), idOf({ id: 'given', name: 'x' }), idOf({ name: '—' })]).toEqual(['some-play', 'given', 'new-play']);
  });
});
