import { closedGainPercent, type Mark } from '../desk/mark';
import { words } from '../format/name';
import { percent, signed, signedPercent } from '../format/number';
import { duration } from '../format/time';
import type { Position } from '../wire/position';

/** What became of a position, or how it stands, in one sentence. `heldMs` is how long it has been open. */
export function resultSentence(position: Position, mark: Mark | null, heldMs: number | null): string {
  if (position.state === 'MISSED') return `Never filled: ${position.exitNote || 'the reason is not known'}.`;
  if (position.state === 'OPENING') return 'Entry ordered; it is filled by the first book after the latency.';
  const span = heldMs === null ? '' : ` after ${duration(heldMs)}`;
  const gain = closedGainPercent(position);
  if (position.state === 'CLOSED' && gain !== null) {
    const fees = (position.entry?.feeUsd ?? 0) + (position.exit?.feeUsd ?? 0);
    const net = position.profitUsd ?? 0;
    return `Closed at ${signedPercent(gain)} by ${words(position.exitReason) || 'an exit'}${span}: ${signed(net + fees)} USD, ${signed(net)} after fees.`;
  }
  if (!mark) return `Open${span.replace(' after', ' for')}; it has no mark yet.`;
  const room = mark.distancePercent === null ? '' : `, ${percent(mark.distancePercent)} from its stop`;
  return `Open${span.replace(' after', ' for')} at ${signedPercent(mark.gainPercent)}${room}: ${signed(mark.gainUsd)} USD before the exit’s fee.`;
}
