import type { Book, Level } from '../wire/book';

/** A place on the depth curve: this much rests between the mid and this price. */
export interface DepthStep {
  readonly price: number;
  readonly total: number;
}

/** What a depth chart draws. */
export interface Depth {
  readonly mid: number;
  /** How far the deeper side reaches from the mid. */
  readonly reach: number;
  readonly bids: readonly DepthStep[];
  readonly asks: readonly DepthStep[];
  readonly most: number;
}

/** The cumulative depth of both sides, outwards from the mid; null for a book without both sides. */
export function depthOf(book: Book): Depth | null {
  const bid = book.bids[0];
  const ask = book.asks[0];
  if (!bid || !ask) return null;
  const mid = book.midPrice > 0 ? book.midPrice : (bid.price + ask.price) / 2;
  const bids = accumulate(book.bids);
  const asks = accumulate(book.asks);
  const lowest = bids.at(-1)?.price ?? mid;
  const highest = asks.at(-1)?.price ?? mid;
  return {
    mid,
    reach: Math.max(mid - lowest, highest - mid),
    bids,
    asks,
    most: Math.max(bids.at(-1)?.total ?? 0, asks.at(-1)?.total ?? 0),
  };
}

/** The imbalance the book states, else that of the levels at hand. */
export function imbalanceOf(book: Book): number {
  if (book.imbalance !== null) return book.imbalance;
  const bids = book.bids.slice(0, 10).reduce((sum, level) => sum + level.quantity, 0);
  const asks = book.asks.slice(0, 10).reduce((sum, level) => sum + level.quantity, 0);
  return bids + asks === 0 ? 0 : (bids - asks) / (bids + asks);
}

function accumulate(levels: readonly Level[]): DepthStep[] {
  let total = 0;
  return levels.map((level) => ({ price: level.price, total: (total += level.quantity) }));
}
