import { duration, limit } from '../format/time';
import type { Feed, FeedState } from '../wire/feed';

const gravity: Readonly<Record<FeedState, number>> = { DOWN: 0, STALE: 1, SYNCING: 2, LIVE: 3, OFF: 4 };

/** The feeds, worst first; among equals the one nearest to its limit. */
export function worstFirst(feeds: readonly Feed[]): Feed[] {
  return [...feeds].sort((left, right) => {
    const byState = gravity[left.state] - gravity[right.state];
    return byState !== 0 ? byState : share(right) - share(left) || left.name.localeCompare(right.name);
  });
}

/** The feeds that cannot be leaned on; one that is switched off is none of them. */
export function troubledFeeds(feeds: readonly Feed[]): Feed[] {
  return feeds.filter((feed) => feed.state !== 'LIVE' && feed.state !== 'OFF');
}

/** The Feeds page's one sentence. */
export function feedsSentence(feeds: readonly Feed[]): string {
  const running = feeds.filter((feed) => feed.state !== 'OFF');
  if (running.length === 0) return 'No feed is switched on.';
  const [worst, ...others] = worstFirst(troubledFeeds(feeds));
  if (!worst) return running.length === 1 ? 'The one feed delivers within its limit.' : `All ${running.length} feeds deliver within their limits.`;
  const rest = others.length > 0 ? ` Not live either: ${others.map((feed) => feed.name).join(', ')}.` : '';
  return `${trouble(worst)}${rest}`;
}

function trouble(feed: Feed): string {
  if (feed.state === 'DOWN') return `The feed ‘${feed.name}’ is down.`;
  if (feed.state === 'STALE' && feed.ageMs !== null) {
    return `The feed ‘${feed.name}’ is stale: ${duration(feed.ageMs)} without data, limit ${limit(feed.staleAfterMs)}.`;
  }
  return `The feed ‘${feed.name}’ is ${feed.state.toLowerCase()} and not usable yet.`;
}

function share(feed: Feed): number {
  return feed.ageMs === null || feed.staleAfterMs === 0 ? 0 : feed.ageMs / feed.staleAfterMs;
}
