import { describe, expect, it } from 'vitest';
import { readAnswer } from '../wire/query';
import { glanceAt, targetOf, targets } from './targets';

describe('targets', () => {
  it('are found by their key, the first for any other', () => {
    expect(targets.map((target) => targetOf(target.key))).toEqual(targets);
    expect(targetOf('elsewhere')).toBe(targets[0]);
  });

  it('show the newest rows where rows have positions', () => {
    expect(glanceAt('prices', [{ name: 'seq', type: 'BIGINT' }])).toBe('SELECT * FROM prices ORDER BY seq DESC LIMIT 50');
    expect(glanceAt('wallet_profiles', [{ name: 'wallet_address', type: 'VARCHAR' }])).toBe('SELECT * FROM wallet_profiles LIMIT 50');
  });

  it('say up to which position they know', () => {
    expect([readAnswer({ appliedSeq: '7' }).asOfSeq, readAnswer({ cursorSeq: '8' }).asOfSeq]).toEqual([7, 8]);
  });
});
