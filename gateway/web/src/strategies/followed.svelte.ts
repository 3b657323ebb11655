import { Resource } from '../live/resource.svelte';
import { ask } from '../wire/ask';
import { candlesSql, readCandles, type Candle, type CandleSeries } from '../wire/candle';
import { getJson, withParameters } from '../wire/request';
import { readResults, type SubjectResults } from '../wire/results';
import { readEquity, type StrategyCandle } from '../wire/strategy';

const everyMs = 15_000;
const equityPoints = 600;

/** Candles of a chart, at most. */
export const chartCandles = 144;

/** What is fetched of one strategy: its candles, what was decided on them, its equity and its results. */
export class Followed {
  readonly name: string;
  readonly candles: Resource<readonly Candle[]>;
  readonly decided: Resource<readonly StrategyCandle[]>;
  readonly equity: Resource<readonly StrategyCandle[]>;
  readonly results: Resource<SubjectResults>;

  constructor(name: string, series: CandleSeries, hours: number) {
    const of = `/strategies/${encodeURIComponent(name)}/equity`;
    const chartHours = Math.min(8784, Math.ceil((chartCandles * series.intervalSeconds) / 3600));
    this.name = name;
    this.candles = new Resource(async () => readCandles(await ask('/query', 'QUERY_TARGET_HOT', candlesSql(series, chartCandles))));
    this.decided = new Resource(async () => readEquity(await getJson(withParameters(of, { hours: chartHours, max_points: chartCandles * 2 }))));
    this.equity = new Resource(async () => readEquity(await getJson(withParameters(of, { hours, max_points: equityPoints }))));
    this.results = new Resource(async () => readResults(await getJson(withParameters('/results', { strategy: name }))));
  }

  /** Fetches again and again until the returned function is called. */
  run(): () => void {
    const stops = [this.candles, this.decided, this.equity, this.results].map((resource) => resource.poll(everyMs));
    return () => stops.forEach((stop) => stop());
  }
}
