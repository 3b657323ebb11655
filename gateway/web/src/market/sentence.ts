import { fixed, percent } from '../format/number';
import type { Cycle } from '../wire/cycle';

/** The page's one sentence: where SOL is in the cycle of the selected threshold. */
export function whereInCycle(price: number, cycle: Cycle | undefined): string {
  const opening = `SOL ${fixed(price)} USD`;
  if (!cycle || cycle.highestPrice <= 0) return `${opening}. No cycle is active yet.`;
  const name = `its ${percent(cycle.threshold)} cycle`;
  const under = ((cycle.highestPrice - price) / cycle.highestPrice) * 100;
  const place = under < 0.005 ? `at the peak of ${name}` : `${percent(under)} under the peak of ${name}`;
  return `${opening}, ${place}, which ends at ${fixed(cycle.resetPrice)}.`;
}
