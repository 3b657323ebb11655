import { sourceName } from '../format/name';
import { fixed, integer } from '../format/number';
import type { ComparedExchange, Comparison } from '../wire/comparison';
import type { Strategy, StrategyPosition } from '../wire/strategy';

/** Strategies with the same rules, pair and candles: one an exchange. */
export interface Group {
  /** Rules, pair and seconds, as the address has them. */
  readonly key: string;
  readonly title: string;
  readonly strategies: readonly Strategy[];
}

/** The strategies by what they have in common, in their own order. */
export function groupsOf(strategies: readonly Strategy[]): Group[] {
  const groups = new Map<string, Strategy[]>();
  for (const strategy of strategies) {
    const key = `${strategy.rules}.${strategy.symbol}.${strategy.intervalSeconds}`;
    groups.set(key, [...(groups.get(key) ?? []), strategy]);
  }
  return [...groups].map(([key, members]) => {
    const first = members[0];
    const title = first ? `${first.rules} · ${first.symbol} ${lengthText(first.intervalSeconds)}` : key;
    return { key, title, strategies: members };
  });
}

/** The length of a candle in words: "5 min", "1 h", "45 s". */
export function lengthText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** The exchange of a strategy as a heading, marked when its market is a simulation. */
export function venueTitle(strategy: Strategy): string {
  return `${sourceName(strategy.venue)}${strategy.simulated ? ' (simulated)' : ''}`;
}

/** What an open position is marked at, USD: that at which its unrealised profit arises. */
export function markPrice(position: StrategyPosition): number {
  const side = position.short ? -1 : 1;
  return position.quantity > 0 ? position.entryPrice + (side * position.unrealisedUsd) / position.quantity : position.entryPrice;
}

/** The gain from one price to another in percent, for the side of the position. */
export function gainPercent(position: StrategyPosition, from: number, to: number): number {
  return from > 0 ? (position.short ? -1 : 1) * (to / from - 1) * 100 : 0;
}

/** Who leads, and whether it is enough to say so, in one or two sentences. */
export function comparisonSentence(comparison: Comparison): string {
  const name = (exchange: string): string => sourceName(exchange.toUpperCase());
  const caution = comparison.caution === '' ? '' : `${comparison.caution.charAt(0).toUpperCase()}${comparison.caution.slice(1)}.`;
  const said = (verdict: string): string => {
    const few = comparison.exchanges.filter((each) => each.tooFew);
    if (few.length === 0) return [verdict, caution].filter(Boolean).join(' ');
    const stale = comparison.exchanges.filter((each) => each.stale).map((each) => name(each.exchange));
    const counts = comparison.exchanges.map((each) => integer(each.trades)).join(' and ');
    const stopped = stale.length > 0 ? ` Candles have stopped coming on ${stale.join(' and ')}.` : '';
    return `${verdict} With ${counts} trades this is too few to call.${stopped}`;
  };
  if (comparison.leader !== '') {
    const others = comparison.exchanges.filter((each) => each.exchange !== comparison.leader).map((each) => name(each.exchange));
    return said(`${name(comparison.leader)} leads ${others.join(', ')} by ${fixed(comparison.leadPercentPoints)} percentage points.`);
  }
  if (comparison.tie) return said(`${comparison.exchanges.map((each) => name(each.exchange)).join(' and ')} are level.`);
  return caution || 'The exchanges cannot be compared.';
}

/** What one exchange has that the other has not: the first less the second; null when either lacks it. */
export function difference(
  exchanges: readonly ComparedExchange[], of: (exchange: ComparedExchange) => number | null,
): number | null {
  const [first, second] = exchanges;
  if (!first || !second) return null;
  const [one, other] = [of(first), of(second)];
  return one === null || other === null ? null : one - other;
}
