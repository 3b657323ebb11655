import { instantCell, type CsvTable } from '../table/csv';
import type { Cycle } from '../wire/cycle';

/** Every cycle at hand as a table. */
export function cyclesCsv(cycles: readonly Cycle[]): CsvTable {
  return {
    name: 'cycles',
    columns: ['id', 'threshold_percent', 'start_time', 'end_time', 'start_price', 'highest_price', 'max_percent_increase', 'draw_up_percent', 'ticks', 'active', 'longest_gap_ms'],
    rows: cycles.map((cycle) => [
      cycle.id, cycle.threshold, instantCell(cycle.startTime), instantCell(cycle.endTime), cycle.startPrice, cycle.highestPrice,
      cycle.maxIncrease, cycle.drawUp, cycle.ticks, String(cycle.active), cycle.longestGapMs,
    ]),
  };
}
