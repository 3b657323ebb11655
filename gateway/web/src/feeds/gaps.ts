import { count } from '../format/name';
import { duration } from '../format/time';
import { instantCell, type CsvTable } from '../table/csv';
import type { Gap } from '../wire/gap';

/** A stretch of time without data of a feed. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The gaps of one feed as they stand on a line from `from` to `to`: joined where they overlap, oldest first. */
export function stretchesOf(gaps: readonly Gap[], feed: string, from: number, to: number): Stretch[] {
  const own = gaps
    .filter((gap) => gap.feed === feed)
    .map((gap) => ({ from: Math.max(from, gap.from ?? gap.noticedAt), to: Math.min(to, gap.to ?? to) }))
    .filter((stretch) => stretch.to >= stretch.from)
    .sort((left, right) => left.from - right.from);
  const joined: Stretch[] = [];
  for (const stretch of own) {
    const last = joined.at(-1);
    if (last && stretch.from <= last.to) joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
    else joined.push(stretch);
  }
  return joined;
}

/** How much of the time a feed had none: "3 gaps, 4 min". */
export function stretchWords(stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return 'none';
  const together = stretches.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0);
  return `${count(stretches.length, 'gap')}, ${duration(together)}`;
}

/** What kind of gap it is, as a reader says it. */
export function kindWords(kind: string): string {
  const said: Readonly<Record<string, string>> = { GAP: 'missing', STALE: 'silent', RESYNC: 'book fetched anew', FORGOTTEN: 'forgotten' };
  return said[kind] ?? kind.toLowerCase();
}

/** The gaps as a table. */
export function gapsCsv(gaps: readonly Gap[]): CsvTable {
  return {
    name: 'gaps',
    columns: ['kind', 'feed', 'symbol', 'noticed_at', 'from', 'to', 'reason'],
    rows: gaps.map((gap) => [gap.kind, gap.feed, gap.symbol, instantCell(gap.noticedAt), instantCell(gap.from), instantCell(gap.to), gap.reason]),
  };
}
