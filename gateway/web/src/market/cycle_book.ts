import type { Cycle, CycleList } from '../wire/cycle';

/** Cycles by identity, with the count of closed ones, kept current by updates. */
export class CycleBook {
  readonly #cycles = new Map<string, Cycle>();
  readonly #closed = new Map<number, number>();

  /** Replaces what is known by an answer of GET /cycles. */
  load(list: CycleList): void {
    this.#cycles.clear();
    this.#closed.clear();
    for (const cycle of list.cycles) this.#cycles.set(cycle.id, cycle);
    for (const [threshold, closed] of list.closed) this.#closed.set(threshold, closed);
  }

  /** Takes in that a cycle began, grew or ended. */
  update(cycle: Cycle): void {
    const before = this.#cycles.get(cycle.id);
    if (!cycle.active && (before === undefined || before.active)) {
      this.#closed.set(cycle.threshold, this.closed(cycle.threshold) + 1);
    }
    if (before && !before.active && cycle.active) return;
    this.#cycles.set(cycle.id, cycle);
  }

  /** Forgets closed cycles that ended before `instant`. */
  trim(instant: number): void {
    for (const cycle of this.#cycles.values()) {
      if (cycle.endTime !== null && cycle.endTime < instant) this.#cycles.delete(cycle.id);
    }
  }

  /** Every cycle known, oldest first. */
  all(): Cycle[] {
    return [...this.#cycles.values()].sort((left, right) => left.startTime - right.startTime);
  }

  /** How many cycles of a threshold have closed. */
  closed(threshold: number): number {
    return this.#closed.get(threshold) ?? 0;
  }
}

/** The active cycle of each threshold, smallest threshold first. */
export function activeCycles(cycles: readonly Cycle[]): Cycle[] {
  const newest = new Map<number, Cycle>();
  for (const cycle of cycles) {
    if (cycle.active) newest.set(cycle.threshold, cycle);
  }
  return [...newest.values()].sort((left, right) => left.threshold - right.threshold);
}

/** The thresholds there are, smallest first. */
export function thresholdsOf(cycles: readonly Cycle[]): number[] {
  return [...new Set(cycles.map((cycle) => cycle.threshold))].sort((left, right) => left - right);
}
