import {
  ColorType, createChart, CrosshairMode, LineSeries, LineType,
  type IChartApi, type ISeriesApi, type LineData, type Logical, type MouseEventParams, type Time, type UTCTimestamp, type WhitespaceData,
} from 'lightweight-charts';
import { fixed, percent } from '../format/number';
import { dayMonth, duration, hourMinute, clockTime } from '../format/time';
import type { Cycle } from '../wire/cycle';
import { shapeOf } from './end_line';
import type { Palette } from './palette';
import { PlotOverlay, type Band } from './plot_overlay';
import type { PriceTrack } from './price_track.svelte';
import { slotOf, splitAtGaps, type Slot } from './slots';

const clear = 'rgba(0,0,0,0)';

/** Where the chart stands on the page: its window in milliseconds, and the width of its plot. */
export interface PlotFrame {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

/** The cycles that the chart draws. */
export interface PlotCycles {
  readonly active: Cycle | undefined;
  /** Closed cycles of the same threshold, oldest first. */
  readonly closed: readonly Cycle[];
}

/** The price chart: line, cycle band, the line where the cycle ends. It does not scroll; windows are selected. */
export class PricePlot {
  readonly #chart: IChartApi;
  readonly #price: ISeriesApi<'Line', Time>;
  readonly #end: ISeriesApi<'Line', Time>;
  readonly #overlay = new PlotOverlay();
  readonly #compact: boolean;
  #slots: Slot[] = [];
  #stepSeconds = 1;
  #windowSlots = 1;
  #gaps = 0;

  constructor(element: HTMLElement, onHover: (time: number | null) => void, onResize: () => void) {
    this.#compact = element.clientWidth < 500;
    this.#chart = createChart(element, {
      autoSize: true,
      handleScroll: false,
      handleScale: false,
      layout: { attributionLogo: false, fontSize: 11 },
      grid: { vertLines: { visible: false } },
      leftPriceScale: { visible: false },
      rightPriceScale: { borderVisible: false, entireTextOnly: true, minimumWidth: this.#compact ? 58 : 70, scaleMargins: { top: 0.12, bottom: 0.1 } },
      timeScale: { borderVisible: false, timeVisible: true, allowBoldLabels: false, minBarSpacing: 0.01, rightOffset: 0, tickMarkFormatter: tickMark },
      localization: { timeFormatter: (time: Time) => clockTime(Number(time) * 1000), priceFormatter: (price: number) => fixed(price) },
      crosshair: { mode: CrosshairMode.Magnet, horzLine: { visible: false, labelVisible: false } },
    });
    this.#end = this.#chart.addSeries(LineSeries, {
      lineWidth: 1, lineType: LineType.WithSteps, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false,
    });
    this.#price = this.#chart.addSeries(LineSeries, { priceLineVisible: false, crosshairMarkerRadius: 3 });
    this.#price.applyOptions({ lineWidth: 1.5 as 1 });
    this.#price.attachPrimitive(this.#overlay);
    this.#chart.timeScale().subscribeSizeChange(onResize);
    this.#chart.subscribeCrosshairMove((event: MouseEventParams) => onHover(event.time === undefined ? null : Number(event.time)));
  }

  /** Puts the chart into these colours. */
  paint(palette: Palette): void {
    this.#chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: clear }, textColor: palette.ink3, fontFamily: palette.fontFamily },
      grid: { horzLines: { color: palette.line } },
      crosshair: { vertLine: { color: palette.ink3, labelBackgroundColor: palette.ink3 } },
    });
    this.#price.applyOptions({ color: palette.ink, crosshairMarkerBorderColor: palette.background });
    this.#end.applyOptions({ color: palette.loss });
  }

  /** Draws the track from its beginning. */
  draw(track: PriceTrack): void {
    track.trim();
    const to = track.last?.time ?? 0;
    const from = to - track.window.hours * 3_600_000;
    this.#stepSeconds = track.window.stepSeconds;
    this.#windowSlots = Math.round((track.window.hours * 3600) / this.#stepSeconds);
    this.#slots = splitAtGaps(track.points, track.gaps, from, to, this.#stepSeconds);
    this.#gaps = track.gaps.length;
    this.#price.setData(this.#slots.map(linePoint));
    this.#chart.timeScale().setVisibleLogicalRange({ from: 0 as Logical, to: this.#slots.length as Logical });
  }

  /** Appends what the track has got since the last call. */
  append(track: PriceTrack): void {
    const last = this.#slots.at(-1);
    if (!last || track.gaps.length !== this.#gaps || this.#slots.length > this.#windowSlots * 1.1) {
      this.draw(track);
      return;
    }
    const from = last.time * 1000;
    const recent = track.points.slice(-this.#windowSlots).filter((point) => point.time >= from);
    const newest = recent.at(-1);
    if (!newest) return;
    const fresh = splitAtGaps(recent, track.gaps, from, newest.time, this.#stepSeconds);
    for (const slot of fresh) {
      const again = slot.time === last.time;
      const merged = again ? { ...slot, price: slot.price ?? last.price } : slot;
      if (again) this.#slots.pop();
      this.#slots.push(merged);
      this.#price.update(linePoint(merged));
    }
    const length = this.#slots.length;
    const range = { from: Math.max(0, length - this.#windowSlots - 1), to: length };
    this.#chart.timeScale().setVisibleLogicalRange({ from: range.from as Logical, to: range.to as Logical });
  }

  /** Draws cycles and gaps around the line. */
  surround(track: PriceTrack, cycles: PlotCycles, palette: Palette): void {
    const active = cycles.active;
    const shape = active ? shapeOf(active, this.#slots) : { steps: [], peak: null };
    this.#end.setData(shape.steps.map((step) => ({ time: step.time as UTCTimestamp, value: step.price })));
    const lastTime = (this.#slots.at(-1)?.time ?? 0) + this.#stepSeconds;
    const band: Band | null = active ? { from: active.startTime / 1000, to: lastTime } : null;
    const name = this.#compact ? 'cycle' : 'active cycle';
    this.#overlay.show({
      palette,
      closed: everySecond(cycles.closed),
      active: band,
      activeLabel: active ? `${name} ${percent(active.threshold)}, ${duration(lastTime * 1000 - active.startTime)}` : '',
      endLabel: this.#compact ? 'ends at this line' : 'the cycle ends at this line',
      endPrice: active?.resetPrice ?? 0,
      lastPrice: track.last?.price ?? 0,
      endStart: shape.steps[0] ?? null,
      peak: shape.peak,
      peakLabel: active ? `peak ${fixed(active.highestPrice)}` : '',
      gaps: track.gaps,
      gapLabel: (gap) => `no data ${hourMinute(gap.from)}–${hourMinute(gap.to)}`,
      axisStart: this.#slots[0]?.time ?? 0,
      stepSeconds: this.#stepSeconds,
    });
  }

  /** The window and width that lanes under the chart must share. */
  frame(): PlotFrame {
    const to = (this.#slots.at(-1)?.time ?? 0) + this.#stepSeconds;
    const width = this.#chart.timeScale().width();
    return { from: (to - this.#windowSlots * this.#stepSeconds) * 1000, to: to * 1000, width };
  }

  /** The price in the slot at this second; null where there is none. */
  priceAt(seconds: number): number | null {
    const first = this.#slots[0]?.time ?? 0;
    return this.#slots[(slotOf(seconds * 1000, this.#stepSeconds) - first) / this.#stepSeconds]?.price ?? null;
  }

  /** Gives the element back. */
  remove(): void {
    this.#chart.remove();
  }
}

function linePoint(slot: Slot): LineData | WhitespaceData {
  const time = slot.time as UTCTimestamp;
  if (slot.price === null) return { time };
  return slot.beforeGap ? { time, value: slot.price, color: clear } : { time, value: slot.price };
}

function everySecond(closed: readonly Cycle[]): Band[] {
  return closed
    .filter((_, index) => (closed.length - index) % 2 === 0)
    .map((cycle) => ({ from: cycle.startTime / 1000, to: (cycle.endTime ?? cycle.startTime) / 1000 }));
}

function tickMark(time: Time): string {
  const instant = Number(time) * 1000;
  return instant % 86_400_000 === 0 ? dayMonth(instant) : hourMinute(instant);
}
