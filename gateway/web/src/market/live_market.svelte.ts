import { Connection } from '../live/connection.svelte';
import { pageClock } from '../live/page_clock.svelte';
import { Repaint } from '../live/repaint';
import { readCycle } from '../wire/cycle';
import { enumName, fieldsOf, instantOf, numberOf, textOf, type Fields } from '../wire/fields';
import type { PricePoint } from '../wire/price';
import { readTrade, readTradeRow, readWhale, readWhaleRow, type WalletTrade, type WhaleMovement } from '../wire/wallet';
import { Books, bookSymbol } from './books.svelte';
import { Cycles } from './cycles.svelte';
import { LatestRows } from './latest_rows.svelte';
import { PriceTrack } from './price_track.svelte';
import { Quotes, tokens, type Quote } from './quotes.svelte';
import type { TimeWindow } from './windows';

const compareEveryMs = 60_000;
const retryEveryMs = 5000;
const streamed = [...tokens, bookSymbol].map((symbol) => `symbols=${symbol}`).join('&');
const pricesPath = `/stream/prices?${tokens.map((token) => `symbols=${token}`).join('&')}`;
const everythingPath = `/stream/prices,books,trades,whales,feeds?${streamed}`;

/** Everything that the Market page and the strip show, kept live over two streams. */
class LiveMarket {
  readonly quotes = new Quotes();
  readonly track = new PriceTrack();
  readonly cycles = new Cycles();
  readonly books = new Books();
  readonly trades = new LatestRows<WalletTrade>('/latest/sol_stablecoin_trades?limit=30', readTradeRow);
  readonly whales = new LatestRows<WhaleMovement>('/latest/whale_movements?limit=30', readWhaleRow);
  /** The stream of market events. */
  readonly events = new Connection({
    name: 'Stream',
    resumes: true,
    onMessage: (data) => this.#takeEvent(data),
    onFresh: () => void this.#loadEvents(),
  });
  /** The stream of what the trading-engine computes. */
  readonly trading = new Connection({
    name: 'Cycle stream',
    resumes: false,
    onMessage: (data) => this.#takeTrading(data),
    onFresh: () => void this.cycles.load(this.track.window),
  });
  #onMarketPage = false;
  #ticks: PricePoint[] = [];
  #quotes: Record<string, Quote> = {};
  readonly #repaint = new Repaint(() => this.#paint());

  /** Streams prices for the strip; with `everything` also what the Market page shows. */
  run(everything: boolean): () => void {
    this.#onMarketPage = everything;
    const stops = [this.#repaint.run(), this.events.follow(everything ? everythingPath : pricesPath)];
    if (everything) stops.push(this.trading.follow('/stream/trading'));
    const timers = [
      every(compareEveryMs, () => void this.quotes.load()),
      every(retryEveryMs, () => this.#retryFailed()),
    ];
    return () => {
      timers.forEach(clearInterval);
      stops.forEach((stop) => stop());
    };
  }

  /** Shows another stretch of time. */
  async select(window: TimeWindow): Promise<void> {
    await Promise.all([this.track.select(window), this.cycles.load(window)]);
  }

  /** Fetches everything again: after a failure, or for another log. */
  async reload(): Promise<void> {
    await Promise.all([this.#loadEvents(), this.cycles.load(this.track.window)]);
  }

  /** Forgets everything, for another log. */
  clear(): void {
    this.#ticks = [];
    this.#quotes = {};
    this.quotes.last = {};
    [this.track, this.cycles, this.books, this.trades, this.whales].forEach((part) => part.clear());
  }

  async #loadEvents(): Promise<void> {
    const loads = [this.quotes.load()];
    if (this.#onMarketPage) loads.push(this.track.load(), this.trades.load(), this.whales.load(), this.books.load());
    await Promise.all(loads);
  }

  #retryFailed(): void {
    if (this.track.doubtful && this.#onMarketPage) void this.track.load();
    for (const part of [this.track, this.trades, this.whales, this.books]) {
      if (part.failure && this.#onMarketPage) void part.load();
    }
    if (this.cycles.failure) void this.cycles.load(this.track.window);
  }

  #takeEvent(data: string): void {
    this.#repaint.due();
    if (this.books.keep(data)) return;
    const message = fieldsOf(JSON.parse(data));
    const event = 'event' in message ? fieldsOf(message['event']) : message;
    const eventTime = instantOf(event, 'eventTime');
    if (eventTime !== null) pageClock.saw(eventTime);
    if ('price' in event && eventTime !== null) this.#takePrice(event, eventTime);
    else if ('trade' in event) this.trades.add(readTrade(event['trade'], event));
    else if ('whale' in event) this.whales.add(readWhale(event['whale'], event));
    else if ('feed' in event) this.#takeFeedEvent(event);
  }

  #takePrice(event: Fields, eventTime: number): void {
    const payload = typeof event['price'] === 'object' ? fieldsOf(event['price']) : event;
    const token = textOf(payload, 'token');
    const price = numberOf(payload, 'price');
    if (price <= 0) return;
    this.#quotes[token] = { price, eventTime, source: enumName(event, 'source', 'SOURCE_') };
    if (token === 'SOL') this.#ticks.push({ time: eventTime, price });
  }

  #takeFeedEvent(event: Fields): void {
    const feed = fieldsOf(event['feed']);
    if (textOf(feed, 'kind') !== 'KIND_RESYNC' || textOf(feed, 'symbol') !== bookSymbol) return;
    this.books.resync(event, textOf(feed, 'reason'));
  }

  #takeTrading(data: string): void {
    this.cycles.add(readCycle(fieldsOf(JSON.parse(data))['cycle']));
    this.#repaint.due();
  }

  #paint(): void {
    if (Object.keys(this.#quotes).length > 0) this.quotes.take(this.#quotes);
    this.#quotes = {};
    if (this.#ticks.length > 0) this.track.add(this.#ticks);
    this.#ticks = [];
    this.trades.paint();
    this.whales.paint();
    this.books.paint();
    this.cycles.paint();
  }
}

function every(intervalMs: number, work: () => void): ReturnType<typeof setInterval> {
  return setInterval(() => {
    if (!document.hidden && pageClock.heldAt === null) work();
  }, intervalMs);
}

/** The page's one view of the market. */
export const market = new LiveMarket();
