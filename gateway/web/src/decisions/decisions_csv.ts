import { instantCell, type CsvTable } from '../table/csv';
import type { Decision, Funnel } from '../wire/decision';

/** Decisions as a table, with what the deciding gate measured. */
export function decisionsCsv(decisions: readonly Decision[]): CsvTable {
  return {
    name: 'decisions',
    columns: [
      'id', 'seq', 'time', 'play_id', 'play_version', 'verdict', 'gate', 'measured', 'threshold', 'unit', 'note', 'wallet_address',
      'trade_signature', 'trade_time', 'trade_price', 'trade_usd', 'price', 'price_age_ms', 'book_age_ms', 'cycle_id', 'position_id', 'decided_late',
    ],
    rows: decisions.map((decision) => {
      const deciding = decision.evaluations.find((evaluation) => !evaluation.passed);
      return [
        decision.id, decision.seq, instantCell(decision.time), decision.playId, decision.playVersion, decision.entered ? 'enter' : 'reject',
        decision.gate.toLowerCase(), deciding?.measured ?? null, deciding?.threshold ?? null, deciding?.unit ?? '', deciding?.note ?? '',
        decision.wallet, decision.tradeSignature, instantCell(decision.tradeTime), decision.tradePrice, decision.tradeUsd, decision.price,
        decision.priceAgeMs, decision.bookAgeMs, decision.cycleId, decision.positionId, decision.decidedLate ? 'true' : 'false',
      ];
    }),
  };
}

/** What each gate that was asked said to one candidate. */
export function gatesCsv(decision: Decision | null | undefined): CsvTable {
  return {
    name: `gates-${decision?.id ?? ''}`,
    columns: ['gate', 'passed', 'measured', 'threshold', 'unit', 'note'],
    rows: (decision?.evaluations ?? []).map((each) => [
      each.gate.toLowerCase(), each.passed ? 'true' : 'false', each.measured, each.threshold, each.unit, each.note,
    ]),
  };
}

/** A funnel as a table. */
export function funnelCsv(funnel: Funnel | undefined): CsvTable {
  return {
    name: 'funnel',
    columns: ['gate', 'reached', 'failed', 'left', 'median_measured', 'threshold', 'unit'],
    rows: (funnel?.steps ?? []).map((step) => [
      step.gate.toLowerCase(), step.reached, step.failed, step.reached - step.failed, step.medianMeasured, step.threshold, step.unit,
    ]),
  };
}
