import { isOpen, nearestStopFirst, type Mark } from '../desk/mark';
import { count } from '../format/name';
import { signed } from '../format/number';
import type { Position } from '../wire/position';

/** The filters of the list by state. */
export const statuses = ['all', 'open', 'closed', 'missed'] as const;

/** One of the filters. */
export type Status = (typeof statuses)[number];

/** A row of the list; open ones carry their mark. */
export interface PositionRow {
  readonly position: Position;
  readonly mark: Mark | null;
}

/** The status that an address names; all for any other. */
export function statusOf(name: string): Status {
  return statuses.find((status) => status === name) ?? 'all';
}

/** The rows of this status and play ("" for every): open by nearest stop, then the rest, last ended first. */
export function positionRows(positions: readonly Position[], status: Status, playId: string, price: number | null): PositionRow[] {
  const wanted = positions.filter((position) => (playId === '' || position.playId === playId) && hasStatus(position, status));
  const open = nearestStopFirst(wanted.filter(isOpen), price);
  const ended = wanted.filter((position) => !isOpen(position)).map((position) => ({ position, mark: null }));
  return [...open, ...ended.toSorted((left, right) => endOf(right.position) - endOf(left.position))];
}

/** What the list says of itself. */
export function listSentence(rows: readonly PositionRow[]): string {
  const open = rows.filter((row) => row.mark !== null);
  const closed = rows.filter((row) => row.position.state === 'CLOSED');
  const made = closed.reduce((total, row) => total + (row.position.profitUsd ?? 0), 0);
  const nearest = open[0]?.mark?.distancePercent ?? null;
  const breaks = nearest === null ? '' : `, the nearest stop ${nearest.toFixed(2)}\u202F% away`;
  const result = closed.length === 0 ? '' : ` ${count(closed.length, 'position')} closed: ${signed(made)} USD after fees.`;
  return `${count(open.length, 'position')} open${breaks}.${result}`;
}

function hasStatus(position: Position, status: Status): boolean {
  if (status === 'all') return true;
  if (status === 'open') return isOpen(position) || position.state === 'OPENING';
  return position.state === status.toUpperCase();
}

function endOf(position: Position): number {
  return position.closedAt ?? position.decidedAt ?? 0;
}
