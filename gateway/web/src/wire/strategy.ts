import { enumName, fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';

/** What is open, in USD. */
export interface StrategyPosition {
  readonly short: boolean;
  readonly quantity: number;
  readonly entryPrice: number;
  readonly openedAt: number | null;
  readonly entryReason: string;
  readonly stopPrice: number;
  /** Null without one. */
  readonly targetPrice: number | null;
  readonly notionalUsd: number;
  readonly unrealisedUsd: number;
}

/** A candle that was taken in, what was decided on it, and what the account was worth then. */
export interface StrategyCandle {
  /** When it closed. */
  readonly time: number;
  readonly seq: number;
  readonly close: number;
  readonly equityUsd: number;
  readonly signal: string;
  readonly reason: string;
  /** Why nothing came of it; "" when it counted. */
  readonly withheld: string;
  /** What the rules looked at, by name. */
  readonly indicators: Readonly<Record<string, number>>;
}

/** A paper strategy on one series of candles. */
export interface Strategy {
  readonly name: string;
  readonly rules: string;
  readonly about: string;
  /** BINANCE or BYBIT. */
  readonly venue: string;
  readonly symbol: string;
  readonly intervalSeconds: number;
  readonly startUsd: number;
  readonly takerFeeBps: number;
  readonly slippageBps: number;
  readonly latencyMs: number;
  /** WATCHING, ORDERED, HOLDING or IDLE. */
  readonly state: string;
  /** Why it enters nothing now. */
  readonly idleReason: string;
  readonly equityUsd: number;
  readonly cashUsd: number;
  readonly realisedUsd: number;
  readonly unrealisedUsd: number;
  readonly feesUsd: number;
  readonly profitPercent: number;
  readonly position: StrategyPosition | null;
  readonly pause: { readonly cause: string; readonly since: number | null; readonly until: number | null } | null;
  readonly lastCandle: StrategyCandle | null;
  /** From its close to the newest event; null before the first. */
  readonly lastCandleAgeMs: number | null;
  /** Candles have stopped coming. */
  readonly stale: boolean;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** Wins in a row; negative: losses in a row. */
  readonly streak: number;
  readonly simulated: boolean;
}

/** A trade that is over. Profits are after fees. */
export interface StrategyTrade {
  readonly strategy: string;
  readonly number: number;
  readonly short: boolean;
  readonly openedAt: number;
  readonly closedAt: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly quantity: number;
  readonly notionalUsd: number;
  readonly entryReason: string;
  readonly exitReason: string;
  readonly grossUsd: number;
  readonly feesUsd: number;
  readonly profitUsd: number;
  readonly profitPercent: number;
  readonly bestPercent: number;
  readonly worstPercent: number;
  readonly decidedLate: boolean;
}

/** Reads GET /strategies. */
export function readStrategies(json: unknown): Strategy[] {
  return listOf(fieldsOf(json), 'strategies').map(readStrategy);
}

/** Reads GET /strategies/{name}/equity, oldest first. */
export function readEquity(json: unknown): StrategyCandle[] {
  return listOf(fieldsOf(json), 'points').flatMap((each) => readCandle(each) ?? []);
}

/** Reads GET /strategy_trades, newest first. */
export function readStrategyTrades(json: unknown): StrategyTrade[] {
  return listOf(fieldsOf(json), 'trades').flatMap((each) => readTrade(fieldsOf(each)) ?? []);
}

function readStrategy(json: unknown): Strategy {
  const fields = fieldsOf(json);
  const parameters = fieldsOf(fields['parameters']);
  const account = fieldsOf(fields['account']);
  return {
    name: textOf(fields, 'name'),
    rules: textOf(fields, 'rules'),
    about: textOf(fields, 'about'),
    venue: enumName(fields, 'venue', 'VENUE_'),
    symbol: textOf(fields, 'symbol'),
    intervalSeconds: numberOf(fields, 'intervalSeconds'),
    startUsd: numberOf(account, 'startUsd'),
    takerFeeBps: numberOf(parameters, 'takerFeeBps'),
    slippageBps: numberOf(parameters, 'slippageBps'),
    latencyMs: numberOf(parameters, 'latencyMs'),
    state: enumName(fields, 'state', 'STATE_'),
    idleReason: textOf(fields, 'idleReason'),
    equityUsd: numberOf(account, 'equityUsd'),
    cashUsd: numberOf(account, 'cashUsd'),
    realisedUsd: numberOf(account, 'realisedUsd'),
    unrealisedUsd: numberOf(account, 'unrealisedUsd'),
    feesUsd: numberOf(account, 'feesUsd'),
    profitPercent: numberOf(account, 'profitPercent'),
    position: 'position' in fields ? readHolding(fieldsOf(fields['position'])) : null,
    pause: 'pause' in fields ? readPause(fieldsOf(fields['pause'])) : null,
    lastCandle: readCandle(fields['lastCandle']),
    lastCandleAgeMs: optionalNumberOf(fields, 'lastCandleAgeMs'),
    stale: flagOf(fields, 'stale'),
    trades: numberOf(fields, 'trades'),
    wins: numberOf(fields, 'wins'),
    losses: numberOf(fields, 'losses'),
    streak: numberOf(fields, 'streak'),
    simulated: flagOf(fields, 'simulated'),
  };
}

function isShort(fields: Fields): boolean {
  return textOf(fields, 'direction') === 'POSITION_SIDE_SHORT';
}

function readHolding(fields: Fields): StrategyPosition {
  return {
    short: isShort(fields),
    quantity: numberOf(fields, 'quantity'),
    entryPrice: numberOf(fields, 'entryPrice'),
    openedAt: instantOf(fields, 'openedAt'),
    entryReason: textOf(fields, 'entryReason'),
    stopPrice: numberOf(fields, 'stopPrice'),
    targetPrice: optionalNumberOf(fields, 'targetPrice'),
    notionalUsd: numberOf(fields, 'notionalUsd'),
    unrealisedUsd: numberOf(fields, 'unrealisedUsd'),
  };
}

function readPause(fields: Fields): NonNullable<Strategy['pause']> {
  return { cause: textOf(fields, 'cause'), since: instantOf(fields, 'since'), until: instantOf(fields, 'until') };
}

function readCandle(json: unknown): StrategyCandle | null {
  const fields = fieldsOf(json);
  const time = instantOf(fields, 'time');
  if (time === null) return null;
  const indicators = fieldsOf(fields['indicators']);
  return {
    time,
    seq: numberOf(fields, 'seq'),
    close: numberOf(fields, 'close'),
    equityUsd: numberOf(fields, 'equityUsd'),
    signal: textOf(fields, 'signal'),
    reason: textOf(fields, 'reason'),
    withheld: textOf(fields, 'withheld'),
    indicators: Object.fromEntries(Object.keys(indicators).map((name) => [name, numberOf(indicators, name)])),
  };
}

function readTrade(fields: Fields): StrategyTrade | null {
  const openedAt = instantOf(fields, 'openedAt');
  const closedAt = instantOf(fields, 'closedAt');
  if (openedAt === null || closedAt === null) return null;
  return {
    strategy: textOf(fields, 'strategy'),
    number: numberOf(fields, 'number'),
    short: isShort(fields),
    openedAt,
    closedAt,
    entryPrice: numberOf(fields, 'entryPrice'),
    exitPrice: numberOf(fields, 'exitPrice'),
    quantity: numberOf(fields, 'quantity'),
    notionalUsd: numberOf(fields, 'notionalUsd'),
    entryReason: textOf(fields, 'entryReason'),
    exitReason: textOf(fields, 'exitReason'),
    grossUsd: numberOf(fields, 'grossUsd'),
    feesUsd: numberOf(fields, 'feesUsd'),
    profitUsd: numberOf(fields, 'profitUsd'),
    profitPercent: numberOf(fields, 'profitPercent'),
    bestPercent: numberOf(fields, 'bestPercent'),
    worstPercent: numberOf(fields, 'worstPercent'),
    decidedLate: flagOf(fields, 'decidedLate'),
  };
}
