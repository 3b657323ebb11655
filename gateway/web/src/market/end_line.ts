import type { Cycle } from '../wire/cycle';
import type { Slot } from './slots';

/** A step of the line below which a cycle ends. */
export interface EndStep {
  readonly time: number;
  readonly price: number;
}

/** A cycle as a chart of these slots can show it. */
export interface CycleShape {
  readonly steps: readonly EndStep[];
  /** The slot of the peak; null when it lies outside of the chart. */
  readonly peak: EndStep | null;
}

/**
 * The stepped line of an active cycle: the running peak less the threshold. Slots are thinned, so the last
 * step is the engine's own reset price, and no step is above it.
 */
export function shapeOf(cycle: Cycle, slots: readonly Slot[]): CycleShape {
  const factor = 1 - cycle.threshold / 100;
  const start = cycle.startTime / 1000;
  const steps: EndStep[] = [];
  let highest = cycle.startPrice;
  let peak: EndStep | null = null;
  let nearest = Infinity;
  for (const [index, slot] of slots.entries()) {
    const next = slots[index + 1];
    if (next && next.time <= start) continue;
    if (slot.price !== null) {
      highest = Math.max(highest, slot.price);
      const distance = Math.abs(slot.price - cycle.highestPrice);
      if (distance < nearest) {
        nearest = distance;
        peak = { time: slot.time, price: slot.price };
      }
    }
    steps.push({ time: slot.time, price: Math.min(highest * factor, cycle.resetPrice) });
  }
  const last = steps.at(-1);
  if (last) steps[steps.length - 1] = { time: last.time, price: cycle.resetPrice };
  return { steps, peak: nearest <= cycle.highestPrice * 0.0005 ? peak : null };
}
