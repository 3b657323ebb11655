import { niceTicks } from '../chart/scale';
import type { Decision } from '../wire/decision';

/** How many measured values lie in [from, to). */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** What was measured where a gate refused, in equal bins. */
export interface Histogram {
  readonly bins: readonly Bin[];
  readonly measured: number;
  /** True when the values are whole numbers and each bin holds one of them. */
  readonly whole: boolean;
}

const mostBins = 12;

/** What this gate measured in the decisions that it refused. */
export function measuredAt(decisions: readonly Decision[], gate: string): number[] {
  return decisions.flatMap((decision) => {
    const failed = decision.evaluations.find((evaluation) => evaluation.gate === gate && !evaluation.passed);
    return failed?.measured == null ? [] : [failed.measured];
  });
}

/** The values in at most about a dozen bins of round width that reach to the threshold; null without any value. */
export function histogramOf(values: readonly number[], threshold: number | null): Histogram | null {
  if (values.length === 0) return null;
  const ends = threshold === null ? values : [...values, threshold];
  const low = ends.reduce((least, value) => Math.min(least, value), Infinity);
  const high = ends.reduce((most, value) => Math.max(most, value), -Infinity);
  const whole = ends.every(Number.isInteger) && high - low < mostBins;
  const width = whole ? 1 : roundWidth(low, high);
  const first = Math.floor(low / width + 1e-9);
  const bins = Math.floor(high / width + 1e-9) - first + 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const place = Math.min(bins - 1, Math.max(0, Math.floor(value / width + 1e-9) - first));
    counts[place] = (counts[place] ?? 0) + 1;
  }
  const edge = (index: number): number => Number(((first + index) * width).toPrecision(12));
  return { bins: counts.map((count, index) => ({ from: edge(index), to: edge(index + 1), count })), measured: values.length, whole };
}

function roundWidth(low: number, high: number): number {
  const [one, next] = niceTicks(low, high, mostBins - 3);
  if (one !== undefined && next !== undefined) return next - one;
  return Math.max(Math.abs(high) / 10, 1e-6);
}
