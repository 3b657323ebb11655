import { describe, expect, it } from 'vitest';
import { changedParts, culpritOf, draftText, editable, newDraft, parseDraft, valueAt, withValue } from './play_draft';

describe('withValue', () => {
  it('sets and removes without touching the draft', () => {
    const draft = { name: 'a', exit: { mirror: false } };
    expect(withValue(draft, ['exit', 'mirror'], true)).toEqual({ name: 'a', exit: { mirror: true } });
    expect(withValue(draft, ['sizeUsd'], 5)).toEqual({ name: 'a', exit: { mirror: false }, sizeUsd: 5 });
    expect(withValue(draft, ['name'], undefined)).toEqual({ exit: { mirror: false } });
    expect(draft.name).toBe('a');
  });

  it('leaves a part out that has become empty, and keeps the order of the rest', () => {
    const draft = withValue({ bundle: { wallets: 3 }, name: 'a' }, ['bundle', 'seconds'], 5);
    expect(draft).toEqual({ bundle: { wallets: 3, seconds: 5 }, name: 'a' });
    const without = withValue(withValue(draft, ['bundle', 'seconds'], undefined), ['bundle', 'wallets'], undefined);
    expect(without).toEqual({ name: 'a' });
    expect(Object.keys(withValue({ a: 1, b: 2 }, ['a'], 3))).toEqual(['a', 'b']);
  });
});

describe('a draft', () => {
  it('reads back what it showed, and says what is not a play', () => {
    expect(parseDraft(draftText(newDraft()))).toEqual(newDraft());
    expect(() => parseDraft('[1]')).toThrow('object');
    expect(() => parseDraft('{')).toThrow();
    expect(valueAt(newDraft(), ['exit', 'decreases', 'nothing'])).toBeUndefined();
  });

  it('drops what the engine sets', () => {
    expect(editable({ id: 'a', version: 3, changedAt: 'now', projectIds: [] })).toEqual({ id: 'a' });
  });

  it('names the parts that differ', () => {
    expect(changedParts({ name: 'a', version: 1, sizeUsd: 1 }, { name: 'a', version: 2, sizeUsd: 2, timing: {} })).toEqual(['sizeUsd', 'timing']);
  });
});

describe('culpritOf', () => {
  const names = ['id', 'size_usd', 'wallets', 'wallets.sql', 'exit.decreases', 'bundle.wallets'];

  it('finds the field that a message names', () => {
    expect(culpritOf('id must be 1 to 40 lower-case letters, got "x y"', names)).toBe('id');
    expect(culpritOf('bundle.wallets must be at least 2, got 1', names)).toBe('bundle.wallets');
    expect(culpritOf('exit.decreases[0].tolerance must be under 1', names)).toBe('exit.decreases');
    expect(culpritOf('nothing of this is known', names)).toBe('');
  });
});
