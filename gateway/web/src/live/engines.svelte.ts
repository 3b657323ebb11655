import { readFeeds, type Feed } from '../wire/feed';
import { getAnswer, getJson } from '../wire/request';
import { readHealth, readMarketStatus, readTradingStatus, type Health, type MarketStatus, type TradingStatus } from '../wire/status';
import { notices } from './notices.svelte';
import { pageClock } from './page_clock.svelte';
import { Resource } from './resource.svelte';

/** What the gateway says about itself and both engines, asked again every few seconds. */
class Engines {
  readonly feeds = new Resource<Feed[]>(async () => readFeeds(await getJson('/feeds')));
  readonly health = new Resource<Health>(async () => readHealth((await getAnswer('/health', [503])).json));
  readonly market = new Resource<MarketStatus>(() => this.#loadMarket());
  readonly trading = new Resource<TradingStatus>(() => this.#loadTrading());
  /** Grows when the data-engine came back with another log: what was fetched from it is void. */
  logGeneration = $state(0);

  /** The feeds as last heard of; while the data-engine does not answer, none of them counts as live. */
  readonly known: readonly Feed[] = $derived(this.#known());

  /** The feed of this name, as last heard of. */
  feed(name: string): Feed | undefined {
    return this.known.find((feed) => feed.name === name);
  }

  /** Asks until the returned function is called. */
  run(): () => void {
    const stops = [this.market.poll(2000), this.feeds.poll(2000), this.trading.poll(3000), this.health.poll(4000)];
    return () => stops.forEach((stop) => stop());
  }

  /** Asks once more, at once. */
  refresh(): void {
    for (const resource of [this.market, this.feeds, this.trading, this.health]) void resource.refresh();
  }

  #known(): readonly Feed[] {
    const feeds = this.feeds.value ?? [];
    const failure = this.feeds.failure;
    if (!failure) return feeds;
    const doubted = { state: 'STALE', ageMs: null, lagMs: null, reason: failure.message } as const;
    return feeds.map((feed) => (feed.state === 'OFF' ? feed : { ...feed, ...doubted }));
  }

  async #loadMarket(): Promise<MarketStatus> {
    const status = readMarketStatus(await getJson('/api/v1/market/status'));
    const before = this.market.value;
    pageClock.observe(status.now, status.headEventTime, status.mode, status.startedAt);
    if (before && before.startedAt !== status.startedAt) {
      notices.say(`The data-engine was restarted; its log ends at event ${status.headSeq.toLocaleString('en-US')}.`);
    }
    if (before && before.logId !== status.logId) this.logGeneration += 1;
    return status;
  }

  async #loadTrading(): Promise<TradingStatus> {
    const status = readTradingStatus(await getJson('/api/v1/trading/status'));
    const before = this.trading.value;
    if (before && before.startedAt !== status.startedAt) {
      const kind = status.restartKind === 'COLD' ? `cold: ${status.restartReason}` : 'warm';
      notices.say(`The trading-engine was restarted, ${kind}.`);
    }
    return status;
  }
}

/** The page's one view of gateway and engines. */
export const engines = new Engines();
