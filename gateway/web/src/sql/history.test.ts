import { describe, expect, it } from 'vitest';
import { mostKept, readHistory, withAsked } from './history';

const asked = (sql: string, at = 1) => ({ target: 'hot', sql, at });

describe('the history of questions', () => {
  it('keeps each question once, the newest first', () => {
    const history = withAsked(withAsked([asked('a'), asked('b')], asked('c', 2)), asked('b', 3));
    expect(history.map((each) => [each.sql, each.at])).toEqual([['b', 3], ['c', 2], ['a', 1]]);
  });

  it('tells the same text to another database from it', () => {
    expect(withAsked([asked('a')], { target: 'archive', sql: 'a', at: 2 })).toHaveLength(2);
  });

  it('forgets the oldest', () => {
    const full = Array.from({ length: mostKept }, (_, index) => asked(`q${index}`));
    const grown = withAsked(full, asked('new'));
    expect([grown.length, grown[0]?.sql, grown.at(-1)?.sql]).toEqual([mostKept, 'new', `q${mostKept - 2}`]);
  });

  it('reads back what was stored, and survives what was not', () => {
    expect(readHistory(JSON.stringify([asked('a')]))).toEqual([asked('a')]);
    expect(readHistory('[{"sql":1},null,"x"]')).toEqual([]);
    expect(readHistory('{')).toEqual([]);
    expect(readHistory(null)).toEqual([]);
  });
});
