import { asFailure, type Failure } from '../wire/failure';
import { readCycles, type Cycle } from '../wire/cycle';
import { getJson } from '../wire/request';
import { activeCycles, CycleBook, thresholdsOf } from './cycle_book';
import { firstWindow, type TimeWindow } from './windows';

/** The price cycles of the selected window, fetched once and kept current by the stream. */
export class Cycles {
  /** Oldest first. */
  all = $state.raw<readonly Cycle[]>([]);
  loaded = $state(false);
  failure = $state.raw<Failure | undefined>();
  /** The threshold drawn on the chart, in percent. */
  selected = $state(0.3);
  readonly active = $derived(activeCycles(this.all));
  readonly thresholds = $derived(thresholdsOf(this.all));
  readonly shown = $derived(this.active.find((cycle) => cycle.threshold === this.selected));
  readonly #book = new CycleBook();
  #arrived: Cycle[] = [];
  #loading = false;
  #window = firstWindow;

  /** Fetches active cycles and those of the window; updates that arrive meanwhile are kept. */
  async load(window: TimeWindow): Promise<void> {
    this.#window = window;
    this.#loading = true;
    try {
      const [recent, active] = await Promise.all([
        getJson(`/cycles?limit=${window.cycles}`),
        getJson('/cycle_tracker?active_only=true'),
      ]);
      if (window !== this.#window) return;
      this.#book.load(readCycles(recent));
      for (const cycle of readCycles(active).cycles) this.#book.update(cycle);
      this.loaded = true;
      this.failure = undefined;
    } catch (thrown) {
      this.failure = asFailure(thrown);
    }
    this.#loading = false;
    this.all = this.#book.all();
    this.paint();
  }

  /** Takes in an update; it shows at the next `paint`. */
  add(cycle: Cycle | null): void {
    if (cycle) this.#arrived.push(cycle);
  }

  /** Shows what has arrived. */
  paint(): void {
    if (this.#loading || this.#arrived.length === 0) return;
    for (const cycle of this.#arrived) this.#book.update(cycle);
    const newest = this.#arrived.reduce((time, cycle) => Math.max(time, cycle.endTime ?? cycle.startTime), 0);
    this.#arrived = [];
    this.#book.trim(newest - this.#window.hours * 2 * 3_600_000);
    this.all = this.#book.all();
  }

  /** How many cycles of a threshold have closed. */
  closed(threshold: number): number {
    return this.all.length === 0 ? 0 : this.#book.closed(threshold);
  }

  /** Selects the threshold `steps` further down the table. */
  step(steps: number): void {
    const place = this.thresholds.indexOf(this.selected) + steps;
    this.selected = this.thresholds[Math.min(this.thresholds.length - 1, Math.max(0, place))] ?? this.selected;
  }

  /** Forgets everything, for another log. */
  clear(): void {
    this.#arrived = [];
    this.#book.load({ cycles: [], closed: new Map() });
    this.all = [];
    this.loaded = false;
  }
}
