import { integer, signed } from '../format/number';
import { instantCell, type CsvTable } from '../table/csv';
import { decisionLine, type Plan } from '../wire/plan';

/** What the change would have made, in one sentence. */
export function planSentence(plan: Plan): string {
  if (plan.addedCount + plan.removedCount + plan.changedCount === 0) {
    return plan.decisions.length === 0 ? 'Nothing would have been decided otherwise.' : 'Other reasons for some decisions, the same positions.';
  }
  const positions = `Adds ${integer(plan.addedCount)}, removes ${integer(plan.removedCount)}, changes ${integer(plan.changedCount)} positions`;
  const half = plan.uncertaintyUsd;
  const interval = half === null ? 'too few for an interval' : `${signed(plan.profitUsd - half)} to ${signed(plan.profitUsd + half)}`;
  return `${positions}: ${signed(plan.profitUsd)} USD after fees (${interval}).`;
}

/** Everything that the plan names, a line each. */
export function planCsv(id: string, plan: Plan): CsvTable {
  const named = (what: string, ids: readonly string[]): string[][] => ids.map((each) => [what, each, '']);
  const decided = plan.decisions.map(decisionLine).map(({ id: decision, change }) => ['decision', decision, change]);
  const span = `${instantCell(plan.from)} to ${instantCell(plan.to)}`;
  const rows = [...named('added', plan.added), ...named('removed', plan.removed), ...named('changed', plan.changed), ...decided];
  return { name: `plan-${id}`, columns: ['what', 'decision', 'change', 'over'], rows: rows.map((row) => [...row, span]) };
}
