import { instantCell, type CsvTable } from '../table/csv';
import type { Candle } from '../wire/candle';
import type { StrategyCandle, StrategyTrade } from '../wire/strategy';

/** Trades as a table. */
export function strategyTradesCsv(trades: readonly StrategyTrade[]): CsvTable {
  return {
    name: 'strategy-trades',
    columns: [
      'strategy', 'number', 'direction', 'opened_at', 'closed_at', 'entry_price', 'exit_price', 'quantity', 'notional_usd', 'entry_reason',
      'exit_reason', 'gross_usd', 'fees_usd', 'profit_usd', 'profit_percent', 'best_percent', 'worst_percent', 'decided_late',
    ],
    rows: trades.map((trade) => [
      trade.strategy, trade.number, trade.short ? 'short' : 'long', instantCell(trade.openedAt), instantCell(trade.closedAt), trade.entryPrice,
      trade.exitPrice, trade.quantity, trade.notionalUsd, trade.entryReason, trade.exitReason, trade.grossUsd, trade.feesUsd, trade.profitUsd,
      trade.profitPercent, trade.bestPercent, trade.worstPercent, trade.decidedLate ? 'true' : 'false',
    ]),
  };
}

/** Candles with what was decided when they closed, as a table. */
export function candlesCsv(strategy: string, candles: readonly Candle[], decided: readonly StrategyCandle[], intervalMs: number): CsvTable {
  const names = [...new Set(decided.flatMap((each) => Object.keys(each.indicators)))];
  const byClose = new Map(decided.map((each) => [each.time, each]));
  return {
    name: `candles-${strategy}`,
    columns: ['open_time', 'open', 'high', 'low', 'close', ...names, 'signal', 'reason', 'withheld'],
    rows: candles.map((candle) => {
      const then = byClose.get(candle.time + intervalMs);
      const seen = names.map((name) => then?.indicators[name] ?? null);
      return [
        instantCell(candle.time), candle.open, candle.high, candle.low, candle.close, ...seen, then?.signal ?? '', then?.reason ?? '', then?.withheld ?? '',
      ];
    }),
  };
}

/** The equity of several strategies as a table. */
export function equityCsv(strategies: readonly { readonly name: string; readonly points: readonly StrategyCandle[] }[]): CsvTable {
  return {
    name: 'strategy-equity',
    columns: ['strategy', 'time', 'seq', 'close', 'equity_usd', 'signal', 'reason', 'withheld'],
    rows: strategies.flatMap(({ name, points }) =>
      points.map((point) => [name, instantCell(point.time), point.seq, point.close, point.equityUsd, point.signal, point.reason, point.withheld]),
    ),
  };
}
