import { fieldsOf, flagOf, instantOf, listOf, numberOf, textOf } from './fields';

/** A price cycle: from a price to the first fall of the threshold under the running peak. */
export interface Cycle {
  readonly id: string;
  /** In percent, such as 0.3. */
  readonly threshold: number;
  readonly startTime: number;
  /** Null while the cycle is active. */
  readonly endTime: number | null;
  readonly startPrice: number;
  readonly highestPrice: number;
  readonly maxIncrease: number;
  readonly drawUp: number;
  readonly ticks: number;
  readonly active: boolean;
  /** The price that ends the cycle when it falls to it. */
  readonly resetPrice: number;
  readonly longestGapMs: number;
}

/** What GET /cycles answers. */
export interface CycleList {
  readonly cycles: readonly Cycle[];
  /** Closed cycles by threshold, whatever the filter and the limit. */
  readonly closed: ReadonlyMap<number, number>;
}

/** Reads GET /cycles and GET /cycle_tracker. */
export function readCycles(json: unknown): CycleList {
  const fields = fieldsOf(json);
  const closed = new Map<number, number>();
  for (const entry of listOf(fields, 'closed')) {
    const count = fieldsOf(entry);
    closed.set(numberOf(count, 'thresholdPercent'), numberOf(count, 'closed'));
  }
  return { cycles: listOf(fields, 'cycles').flatMap((entry) => readCycle(entry) ?? []), closed };
}

/** Reads one cycle; null when it has no identity or no start. */
export function readCycle(json: unknown): Cycle | null {
  const fields = fieldsOf(json);
  const id = textOf(fields, 'id');
  const startTime = instantOf(fields, 'startTime');
  if (id === '' || startTime === null) return null;
  const active = flagOf(fields, 'active');
  return {
    id,
    threshold: numberOf(fields, 'thresholdPercent'),
    startTime,
    endTime: active ? null : instantOf(fields, 'endTime'),
    startPrice: numberOf(fields, 'startPrice'),
    highestPrice: numberOf(fields, 'highestPrice'),
    maxIncrease: numberOf(fields, 'maxPercentIncrease'),
    drawUp: numberOf(fields, 'maxPercentIncreaseFromLowest'),
    ticks: numberOf(fields, 'dataPoints'),
    active,
    resetPrice: numberOf(fields, 'resetPrice'),
    longestGapMs: numberOf(fields, 'longestGapMs'),
  };
}
