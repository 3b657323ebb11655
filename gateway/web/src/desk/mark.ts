import type { Position } from '../wire/position';

/** A position at a price: all in percent of its entry, gains positive whichever its side. */
export interface Mark {
  readonly price: number;
  readonly entryPrice: number;
  readonly gainPercent: number;
  /** Gross of fees. */
  readonly gainUsd: number;
  /** From the stop to the price, in percent of the price; negative past the stop. Null without a stop. */
  readonly distancePercent: number | null;
  /** From the stop to the entry, and to the best price so far. */
  readonly entryRoomPercent: number | null;
  readonly bestRoomPercent: number | null;
}

/** An open position at this price; at its own newest price without one, null before its entry was filled. */
export function markOf(position: Position, price: number | null): Mark | null {
  const entry = position.entry;
  const at = price ?? position.currentPrice;
  if (!entry || entry.averagePrice <= 0 || at === null) return null;
  const side = position.short ? -1 : 1;
  const entryPrice = entry.averagePrice;
  const best = position.short ? Math.min(position.lowestPrice ?? at, at) : Math.max(position.highestPrice ?? at, at);
  const stop = position.stopPrice;
  const room = (from: number): number | null => (stop === null ? null : ((side * (from - stop)) / at) * 100);
  return {
    price: at,
    entryPrice,
    gainPercent: side * (at / entryPrice - 1) * 100,
    gainUsd: side * (at - entryPrice) * entry.quantity,
    distancePercent: room(at),
    entryRoomPercent: room(entryPrice),
    bestRoomPercent: room(best),
  };
}

/** Open positions with their marks, the nearest stop first; those without a mark last. */
export function nearestStopFirst(positions: readonly Position[], price: number | null): { position: Position; mark: Mark | null }[] {
  const far = (mark: Mark | null): number => mark?.distancePercent ?? Infinity;
  const marked = positions.map((position) => ({ position, mark: markOf(position, price) }));
  return marked.sort((left, right) => {
    const [near, next] = [far(left.mark), far(right.mark)];
    return near === next ? left.position.id.localeCompare(right.position.id) : near - next;
  });
}

/** The gain of a closed position before fees, in percent of its entry; null before both sides were filled. */
export function closedGainPercent(position: Position): number | null {
  const { entry, exit } = position;
  if (!entry || !exit || entry.averagePrice <= 0) return null;
  return (position.short ? -1 : 1) * (exit.averagePrice / entry.averagePrice - 1) * 100;
}

/** What a closed position made after fees, in percent of what was put in; null before both sides were filled. */
export function closedNetPercent(position: Position): number | null {
  if (position.profitUsd === null || !position.entry || position.entry.notionalUsd <= 0) return null;
  return (position.profitUsd / position.entry.notionalUsd) * 100;
}

/** The worst and the best price on the way, as gains in percent of the entry. */
export function excursions(position: Position): { readonly worst: number | null; readonly best: number | null } {
  const entry = position.entry?.averagePrice ?? 0;
  const { highestPrice: high, lowestPrice: low } = position;
  if (entry <= 0 || high === null || low === null) return { worst: null, best: null };
  const [rise, fall] = [(high / entry - 1) * 100, (low / entry - 1) * 100];
  return position.short ? { worst: -rise, best: -fall } : { worst: fall, best: rise };
}

/** True while money is in it. */
export function isOpen(position: Position): boolean {
  return position.state === 'OPEN' || position.state === 'CLOSING';
}
