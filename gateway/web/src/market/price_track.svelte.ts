import { asFailure, type Failure } from '../wire/failure';
import { readHistory, type PriceGap, type PricePoint } from '../wire/price';
import { getJson } from '../wire/request';
import { gapsAfterTick } from './slots';
import { firstWindow, type TimeWindow } from './windows';

const rememberedTicks = 600;

/** The price of SOL over the selected window: fetched once, then appended to by ticks. */
export class PriceTrack {
  /** In order of time. Not reactive: watch `generation` and `ticks`. */
  points: PricePoint[] = [];
  gaps: readonly PriceGap[] = [];
  source = $state('');
  window = $state.raw<TimeWindow>(firstWindow);
  failure = $state.raw<Failure | undefined>();
  /** Grows when everything was fetched anew; 0 before the first answer. */
  generation = $state(0);
  /** Grows when ticks were appended. */
  ticks = $state(0);
  /** Ticks came too long after the last point: either there were none between them, or we have not got them. */
  doubtful = false;
  #recent: PricePoint[] = [];

  /** The newest point. */
  get last(): PricePoint | undefined {
    return this.points.at(-1);
  }

  /** Shows another window. */
  async select(window: TimeWindow): Promise<void> {
    this.window = window;
    await this.load();
  }

  /** Fetches the window; ticks that arrived meanwhile are kept. */
  async load(): Promise<void> {
    const window = this.window;
    try {
      const history = readHistory(await getJson(`/price/SOL/history?hours=${window.hours}`));
      if (window !== this.window) return;
      this.points = [...history.points];
      this.gaps = history.gaps;
      this.source = history.source;
      this.#recent.forEach((tick) => this.#append(tick));
      this.doubtful = false;
      this.failure = undefined;
      this.generation += 1;
    } catch (thrown) {
      this.failure = asFailure(thrown);
    }
  }

  /** Appends ticks in order of time; older and repeated ones are dropped. */
  add(ticks: readonly PricePoint[]): void {
    this.#recent = [...this.#recent, ...ticks].slice(-rememberedTicks);
    if (this.generation === 0) return;
    ticks.forEach((tick) => this.#append(tick));
    this.ticks += 1;
  }

  /** Forgets everything, for another log. */
  clear(): void {
    this.#recent = [];
    this.points = [];
    this.gaps = [];
  }

  /** Forgets what lies before the window. */
  trim(): void {
    const from = (this.last?.time ?? 0) - this.window.hours * 3_600_000;
    const first = this.points.findIndex((point) => point.time >= from);
    if (first > 0) this.points = this.points.slice(first);
    this.gaps = this.gaps.filter((gap) => gap.to >= from);
  }

  #append(tick: PricePoint): void {
    const last = this.last;
    if (last && tick.time <= last.time) return;
    const gaps = gapsAfterTick(this.gaps, last, tick);
    this.doubtful ||= gaps !== this.gaps;
    this.gaps = gaps;
    this.points.push(tick);
  }
}
