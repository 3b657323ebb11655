import { closedGainPercent } from '../desk/mark';
import { instantCell, type CsvTable } from '../table/csv';
import type { Position } from '../wire/position';

/** Positions as a table: what was paid, what came of it, and the stop. */
export function positionsCsv(positions: readonly Position[]): CsvTable {
  return {
    name: 'positions',
    columns: [
      'id', 'play_id', 'play_version', 'state', 'direction', 'wallet_address', 'opened_at', 'closed_at', 'hold_ms', 'size_usd', 'entry_price',
      'exit_price', 'quantity', 'highest_price', 'lowest_price', 'current_price', 'stop_price', 'stop_raises', 'exit_reason', 'gain_percent',
      'fees_usd', 'profit_usd', 'decided_late',
    ],
    rows: positions.map((position) => [
      position.id, position.playId, position.playVersion, position.state, position.short ? 'short' : 'long', position.wallet,
      instantCell(position.openedAt), instantCell(position.closedAt), position.holdMs, position.sizeUsd,
      position.entry?.averagePrice ?? null, position.exit?.averagePrice ?? null, position.entry?.quantity ?? null,
      position.highestPrice, position.lowestPrice, position.currentPrice, position.stopPrice, position.stopRaises, position.exitReason,
      closedGainPercent(position), (position.entry?.feeUsd ?? 0) + (position.exit?.feeUsd ?? 0), position.profitUsd,
      position.decidedLate ? 'true' : 'false',
    ]),
  };
}
