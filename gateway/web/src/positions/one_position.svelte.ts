import { Resource } from '../live/resource.svelte';
import { readDecision, type Decision } from '../wire/decision';
import { fieldsOf } from '../wire/fields';
import { readPosition, readPriceChecks, type Position, type PriceCheck } from '../wire/position';
import { readHistory, type PriceHistory } from '../wire/price';
import { getJson, withParameters } from '../wire/request';
import { readTrail, type Trail } from '../wire/trail';

const hourMs = 3_600_000;
const marginMs = 120_000;
const longestHistoryMs = 24 * hourMs;
const mostPoints = 20_000;

/** One position with the evidence for it. */
export class OnePosition {
  readonly position: Resource<Position>;
  readonly checks: Resource<readonly PriceCheck[]>;
  readonly trail: Resource<Trail>;
  readonly decision: Resource<Decision | null>;
  /** The price of SOL around it; null when it lies farther back than prices are kept. */
  readonly history: Resource<PriceHistory | null>;

  constructor(id: string, serverNow: () => number) {
    const name = encodeURIComponent(id);
    this.position = new Resource(async () => readPosition(fieldsOf(await getJson(`/buyins/${name}`))['position']));
    this.checks = new Resource(async () => readPriceChecks(await getJson(`/buyins/${name}/price_checks`)));
    this.trail = new Resource(async () => readTrail(await getJson(`/trail/buyin/${name}`)));
    this.decision = new Resource(async () => readDecision(fieldsOf(await getJson(`/decisions/${name}`))['decision']));
    this.history = new Resource(() => this.#loadHistory(serverNow()));
  }

  /** Fetches everything; the price comes after the position, whose time it needs. */
  async load(): Promise<void> {
    await Promise.all([this.refresh(), this.trail.refresh(), this.decision.refresh()]);
  }

  /** Fetches what changes while the position is open. */
  async refresh(): Promise<void> {
    await Promise.all([this.position.refresh(), this.checks.refresh()]);
    await this.history.refresh();
  }

  async #loadHistory(now: number): Promise<PriceHistory | null> {
    const position = this.position.value;
    const opened = position?.openedAt ?? position?.decidedAt ?? null;
    if (opened === null) return null;
    const span = now - opened + marginMs;
    if (span > longestHistoryMs) return null;
    const hours = (span / hourMs).toFixed(4);
    const history = readHistory(await getJson(withParameters('/price/SOL/history', { hours, max_points: mostPoints })));
    const [from, to] = [opened - marginMs, (position?.closedAt ?? Infinity) + marginMs];
    const points = history.points.filter((point) => point.time >= from && point.time <= to);
    return { ...history, points };
  }
}
