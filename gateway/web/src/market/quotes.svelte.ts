import { readHistory } from '../wire/price';
import { getJson } from '../wire/request';

/** The tokens of the strip, in its order. */
export const tokens = ['SOL', 'BTC', 'ETH'] as const;

/** A token's last price. */
export interface Quote {
  readonly price: number;
  readonly eventTime: number;
  readonly source: string;
}

/** A price of up to a day ago, to compare with. */
export interface Yesterday {
  readonly price: number;
  readonly time: number;
}

/** The last price of each token, and what it is compared with. */
export class Quotes {
  last = $state.raw<Readonly<Record<string, Quote>>>({});
  before = $state.raw<Readonly<Record<string, Yesterday>>>({});

  /** Takes over last prices by token. */
  take(quotes: Readonly<Record<string, Quote>>): void {
    this.last = { ...this.last, ...quotes };
  }

  /** Fetches the oldest price of the last 24 hours of each token; a token without one is left as it is. */
  async load(): Promise<void> {
    await Promise.allSettled(tokens.map((token) => this.#loadToken(token)));
  }

  async #loadToken(token: string): Promise<void> {
    const history = readHistory(await getJson(`/price/${token}/history?hours=24&max_points=48`));
    const first = history.points[0];
    const last = history.points.at(-1);
    if (!first || !last) return;
    this.before = { ...this.before, [token]: first };
    const known = this.last[token];
    if (known && known.eventTime >= last.time) return;
    this.take({ [token]: { price: last.price, eventTime: last.time, source: history.source } });
  }
}
