import { describe, expect, it } from 'vitest';
import { hashOf, pages, placeOf } from './pages';

describe('placeOf', () => {
  it('reads page, item and filters', () => {
    const place = placeOf('#decisions/7.all?gate=bundle');
    expect([place.page, place.item, place.query.get('gate')]).toEqual(['decisions', '7.all', 'bundle']);
  });

  it('shows the overview for what it does not know, and survives a broken escape', () => {
    expect(placeOf('#nowhere/1').page).toBe('overview');
    expect(placeOf('').page).toBe('overview');
    expect(placeOf('#plays/%E0%A4%A').item).toBe('%E0%A4%A');
  });

  it('reads back what hashOf wrote', () => {
    const hash = hashOf('positions', 'a/b c', { play: 'x', status: '' });
    expect(hash).toBe('#positions/a%2Fb%20c?play=x');
    expect(placeOf(hash).item).toBe('a/b c');
  });
});

describe('pages', () => {
  it('have a key each', () => {
    expect(new Set(pages.map((page) => page.key)).size).toBe(pages.length);
  });
});
