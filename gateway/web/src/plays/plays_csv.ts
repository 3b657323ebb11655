import { instantCell, type CsvTable } from '../table/csv';
import type { Play, PlayPerformance } from '../wire/play';

/** Plays with what came of them. */
export function playsCsv(plays: readonly Play[], results: readonly PlayPerformance[]): CsvTable {
  return {
    name: 'plays',
    columns: [
      'id', 'version', 'name', 'active', 'changed_at', 'positions_24h', 'wins', 'losses', 'open', 'rejected', 'profit_usd', 'fees_usd', 'win_rate',
      'win_rate_low', 'win_rate_high', 'mean_return_percent', 'unrealised_usd', 'decided_late',
    ],
    rows: plays.map((play) => {
      const result = results.find((each) => each.playId === play.id);
      return [
        play.id, play.version, play.name, play.active ? 'true' : 'false', instantCell(play.changedAt), result?.positions ?? null, result?.wins ?? null,
        result?.losses ?? null, result?.open ?? null, result?.rejected ?? null, result?.profitUsd ?? null, result?.feesUsd ?? null,
        result?.winRate ?? null, result?.winRateLow ?? null, result?.winRateHigh ?? null, result?.meanReturnPercent ?? null,
        result?.unrealisedUsd ?? null, result?.decidedLate ?? null,
      ];
    }),
  };
}
