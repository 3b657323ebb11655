import { describe, expect, it } from 'vitest';
import { readFeeds } from '../wire/feed';
import { feedsSentence, troubledFeeds, worstFirst } from './order';

const feeds = readFeeds({
  feeds: [
    { name: 'prices', state: 'STATE_LIVE', ageMs: 600, staleAfterMs: 5000 },
    { name: 'candles', state: 'STATE_OFF', reason: 'off by configuration' },
    { name: 'whales', state: 'STATE_STALE', ageMs: 41_000, staleAfterMs: 30_000 },
    { name: 'books', state: 'STATE_LIVE', ageMs: 1900, staleAfterMs: 2000 },
    { name: 'trades', state: 'STATE_DOWN', reason: 'port 8001 is taken' },
  ],
});

describe('feeds', () => {
  it('stand worst first, then nearest to their limit', () => {
    expect(worstFirst(feeds).map((feed) => feed.name)).toEqual(['trades', 'whales', 'books', 'prices', 'candles']);
  });

  it('are in trouble unless live or switched off', () => {
    expect(troubledFeeds(feeds).map((feed) => feed.name)).toEqual(['whales', 'trades']);
  });

  it('are summed up by the worst', () => {
    expect(feedsSentence(feeds)).toBe('The feed ‘trades’ is down. Not live either: whales.');
    expect(feedsSentence(feeds.slice(2, 3))).toBe('The feed ‘whales’ is stale: 41 s without data, limit 30 s.');
    expect(feedsSentence([feeds[0]!, feeds[3]!])).toBe('All 2 feeds deliver within their limits.');
    expect(feedsSentence([])).toBe('No feed is switched on.');
  });

  it('without a known state are not usable yet', () => {
    expect(readFeeds({ feeds: [{ name: 'books' }] })[0]?.state).toBe('SYNCING');
  });
});
