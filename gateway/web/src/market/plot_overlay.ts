import type {
  IChartApi, IPrimitivePaneView, ISeriesApi, ISeriesPrimitive, ISeriesPrimitiveAxisView, Logical, SeriesAttachedParameter, Time,
} from 'lightweight-charts';
import type { PriceGap } from '../wire/price';
import type { EndStep } from './end_line';
import type { Palette } from './palette';

/** A stretch of time behind the line, in seconds. */
export interface Band {
  readonly from: number;
  readonly to: number;
}

/** What is drawn around the price line. */
export interface OverlayContent {
  readonly palette: Palette;
  /** Every second closed cycle of the selected threshold. */
  readonly closed: readonly Band[];
  readonly active: Band | null;
  readonly activeLabel: string;
  readonly endLabel: string;
  readonly endPrice: number;
  readonly lastPrice: number;
  readonly endStart: EndStep | null;
  readonly peak: EndStep | null;
  readonly peakLabel: string;
  readonly gaps: readonly PriceGap[];
  readonly gapLabel: (gap: PriceGap) => string;
  /** Where the axis begins, and its step, in seconds. */
  readonly axisStart: number;
  readonly stepSeconds: number;
}

type Context = CanvasRenderingContext2D;

/** Bands, hatched gaps, peak and labels of the price chart. */
export class PlotOverlay implements ISeriesPrimitive<Time> {
  #content: OverlayContent | null = null;
  #chart: IChartApi | null = null;
  #series: ISeriesApi<'Line', Time> | null = null;
  #requestUpdate: () => void = () => undefined;
  readonly #views: readonly IPrimitivePaneView[] = [
    this.#view('bottom', (context, height) => this.#drawBehind(context, height)),
    this.#view('top', (context) => this.#drawLabels(context)),
  ];
  readonly #axisViews: readonly ISeriesPrimitiveAxisView[] = [
    {
      coordinate: () => this.#y(this.#content?.endPrice ?? 0),
      text: () => this.#content?.endPrice.toFixed(2) ?? '',
      textColor: () => this.#content?.palette.ink2 ?? '',
      backColor: () => this.#endLabelColour(),
      visible: () => this.#content?.active != null,
      tickVisible: () => false,
    },
  ];

  attached(parameters: SeriesAttachedParameter<Time>): void {
    this.#chart = parameters.chart as IChartApi;
    this.#series = parameters.series as ISeriesApi<'Line', Time>;
    this.#requestUpdate = parameters.requestUpdate;
  }

  detached(): void {
    this.#chart = null;
    this.#series = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#views;
  }

  priceAxisViews(): readonly ISeriesPrimitiveAxisView[] {
    return this.#axisViews;
  }

  /** Draws this from now on. */
  show(content: OverlayContent): void {
    this.#content = content;
    this.#requestUpdate();
  }

  #view(order: 'bottom' | 'top', draw: (context: Context, height: number) => void): IPrimitivePaneView {
    return {
      zOrder: () => order,
      renderer: () => ({
        draw: (target) => target.useMediaCoordinateSpace((scope) => draw(scope.context, scope.mediaSize.height)),
      }),
    };
  }

  #x(time: number): number {
    const content = this.#content;
    if (!content || !this.#chart) return 0;
    const place = (time - content.axisStart) / content.stepSeconds;
    const scale = this.#chart.timeScale();
    const origin = scale.logicalToCoordinate(0 as Logical) ?? 0;
    return origin + place * scale.options().barSpacing;
  }

  #y(price: number): number {
    return this.#series?.priceToCoordinate(price) ?? -100;
  }

  #drawBehind(context: Context, height: number): void {
    const content = this.#content;
    if (!content) return;
    context.globalAlpha = 0.45;
    for (const band of content.closed) this.#fill(context, band, height, content.palette.segment);
    context.globalAlpha = 1;
    if (content.active) {
      this.#fill(context, content.active, height, content.palette.accentBand);
      const x = Math.round(this.#x(content.active.from)) + 0.5;
      context.globalAlpha = 0.6;
      context.strokeStyle = content.palette.accent;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, height);
      context.stroke();
      context.globalAlpha = 1;
    }
    for (const gap of content.gaps) this.#hatch(context, gap, height, content.palette.hatch);
  }

  #endLabelColour(): string {
    const content = this.#content;
    if (!content) return '';
    const distance = Math.abs(this.#y(content.endPrice) - this.#y(content.lastPrice));
    return distance < 18 ? 'rgba(0,0,0,0)' : content.palette.background;
  }

  #fill(context: Context, band: Band, height: number, colour: string): void {
    const from = Math.max(0, this.#x(band.from));
    const to = this.#x(band.to);
    if (to <= from) return;
    context.fillStyle = colour;
    context.fillRect(from, 0, to - from, height);
  }

  #hatch(context: Context, gap: PriceGap, height: number, colour: string): void {
    const from = Math.max(0, this.#x(gap.from / 1000));
    const width = Math.max(3, this.#x(gap.to / 1000) - from);
    context.save();
    context.beginPath();
    context.rect(from, 0, width, height);
    context.clip();
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    for (let offset = -height; offset < width; offset += 6) {
      context.moveTo(from + offset, height);
      context.lineTo(from + offset + height, 0);
    }
    context.stroke();
    context.restore();
  }

  #drawLabels(context: Context): void {
    const content = this.#content;
    if (!content) return;
    context.font = `450 11px ${content.palette.fontFamily}`;
    const right = this.#chart?.timeScale().width() ?? 0;
    if (content.active) {
      const start = Math.max(0, this.#x(content.active.from));
      this.#label(context, content.activeLabel, start + 7, 15, right, false);
      const end = content.endStart;
      if (end) this.#label(context, content.endLabel, start + 8, this.#y(end.price) + 18, right, true);
    }
    if (content.peak) this.#drawPeak(context, content.peak, content.peakLabel, content.palette, right);
    for (const gap of content.gaps) {
      const x = this.#x(gap.from / 1000);
      const text = content.gapLabel(gap);
      const width = this.#x(gap.to / 1000) - x;
      if (width > context.measureText(text).width + 8) this.#label(context, text, x + 4, 34, right, true);
    }
  }

  #drawPeak(context: Context, peak: EndStep, text: string, palette: Palette, right: number): void {
    const x = this.#x(peak.time);
    const y = this.#y(peak.price);
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.fillStyle = palette.background;
    context.fill();
    context.strokeStyle = palette.ink2;
    context.lineWidth = 1.5;
    context.stroke();
    this.#label(context, text, x - context.measureText(text).width / 2, y - 11, right, true);
  }

  #label(context: Context, text: string, x: number, y: number, right: number, halo: boolean): void {
    const palette = this.#content?.palette;
    if (!palette) return;
    const place = Math.max(2, Math.min(x, right - context.measureText(text).width - 4));
    if (halo || place < x) {
      context.lineJoin = 'round';
      context.lineWidth = 4;
      context.strokeStyle = palette.background;
      context.strokeText(text, place, y);
    }
    context.fillStyle = palette.ink2;
    context.fillText(text, place, y);
  }
}
