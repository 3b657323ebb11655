import type { PriceGap, PricePoint } from '../wire/price';

/** A stretch without a price longer than this is a gap. */
export const longestBridgeMs = 5000;

/** One place on the chart's time axis. Without a price it only keeps the axis even. */
export interface Slot {
  /** Seconds since 1970, a multiple of the step. */
  readonly time: number;
  readonly price: number | null;
  /** True when no line may lead from this price to the next. */
  readonly beforeGap: boolean;
}

/** The start, in seconds, of the slot that an instant lies in. */
export function slotOf(instant: number, stepSeconds: number): number {
  return Math.floor(instant / 1000 / stepSeconds) * stepSeconds;
}

/**
 * The points on an even axis of steps from `from` to `to`: each slot has its last price, and the last price
 * before a gap is marked. Points must be in order of time.
 */
export function splitAtGaps(
  points: readonly PricePoint[],
  gaps: readonly PriceGap[],
  from: number,
  to: number,
  stepSeconds: number,
): Slot[] {
  const prices = new Map<number, number>();
  const beforeGap = new Set<number>();
  let previous: number | null = null;
  for (const point of points) {
    if (point.time < from || point.time > to) continue;
    const slot = slotOf(point.time, stepSeconds);
    if (previous !== null && isBroken(previous, point.time, gaps)) beforeGap.add(slotOf(previous, stepSeconds));
    beforeGap.delete(slot);
    prices.set(slot, point.price);
    previous = point.time;
  }
  const slots: Slot[] = [];
  for (let time = slotOf(from, stepSeconds); time <= slotOf(to, stepSeconds); time += stepSeconds) {
    slots.push({ time, price: prices.get(time) ?? null, beforeGap: beforeGap.has(time) });
  }
  return slots;
}

/** Gaps with a live tick's gap added when the tick came too long after the last point. */
export function gapsAfterTick(gaps: readonly PriceGap[], last: PricePoint | undefined, tick: PricePoint): readonly PriceGap[] {
  if (!last || tick.time - last.time <= longestBridgeMs) return gaps;
  return [...gaps, { from: last.time, to: tick.time }];
}

function isBroken(before: number, after: number, gaps: readonly PriceGap[]): boolean {
  return gaps.some((gap) => gap.from < after && gap.to > before && gap.to - gap.from > longestBridgeMs);
}
