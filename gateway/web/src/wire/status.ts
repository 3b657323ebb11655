import { enumName, fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';
import { readFeeds, type Feed } from './feed';

/** Where the events come from; UNSPECIFIED until an engine has said it. */
export type Mode = 'SIMULATED' | 'REPLAY' | 'LIVE' | 'UNSPECIFIED';

/** A table of an engine's in-memory store. */
export interface TableCount {
  readonly name: string;
  readonly rows: number;
  readonly retentionHours: number;
}

/** What the data-engine is doing. */
export interface MarketStatus {
  readonly version: string;
  readonly mode: Mode;
  readonly replaySpeed: number | null;
  readonly startedAt: number | null;
  readonly logId: string;
  readonly oldestSeq: number;
  readonly headSeq: number;
  readonly headEventTime: number | null;
  readonly hotStoreReady: boolean;
  readonly appliedSeq: number;
  readonly tables: readonly TableCount[];
  readonly feeds: readonly Feed[];
  readonly now: number | null;
}

/** What the trading-engine is doing. */
export interface TradingStatus {
  readonly version: string;
  readonly startedAt: number | null;
  readonly logId: string;
  readonly cursorSeq: number;
  readonly cursorEventTime: number | null;
  readonly stateHash: string;
  readonly caughtUp: boolean;
  readonly catchUpMs: number | null;
  readonly restartKind: 'WARM' | 'COLD' | '';
  readonly restartReason: string;
  readonly restartFromSeq: number;
  readonly restartEvents: number;
  readonly feedState: string;
  readonly feedReason: string;
  readonly feedReconnects: number;
  readonly tables: readonly TableCount[];
  readonly now: number | null;
  /** True while nothing new is opened. */
  readonly paused: boolean;
  readonly pauseReason: string;
}

/** One engine as the gateway sees it. */
export interface EngineHealth {
  readonly up: boolean;
  readonly reason: string;
}

/** What GET /health says. */
export interface Health {
  readonly status: string;
  readonly version: string;
  readonly market: EngineHealth;
  readonly trading: EngineHealth;
}

/** Reads GET /api/v1/market/status. */
export function readMarketStatus(json: unknown): MarketStatus {
  const fields = fieldsOf(json);
  const store = fieldsOf(fields['hotStore']);
  return {
    version: textOf(fields, 'version'),
    mode: readMode(enumName(fields, 'mode', 'MODE_')),
    replaySpeed: optionalNumberOf(fields, 'replaySpeed'),
    startedAt: instantOf(fields, 'startedAt'),
    logId: textOf(fields, 'logId'),
    oldestSeq: numberOf(fields, 'oldestSeq'),
    headSeq: numberOf(fields, 'headSeq'),
    headEventTime: instantOf(fields, 'headEventTime'),
    hotStoreReady: flagOf(store, 'ready'),
    appliedSeq: numberOf(store, 'appliedSeq'),
    tables: listOf(store, 'tables').map(readTable),
    feeds: readFeeds(json),
    now: instantOf(fields, 'now'),
  };
}

/** Reads GET /api/v1/trading/status. */
export function readTradingStatus(json: unknown): TradingStatus {
  const fields = fieldsOf(json);
  const restart = fieldsOf(fields['restart']);
  const feed = fieldsOf(fields['feed']);
  const controls = fieldsOf(fields['controls']);
  const kind = enumName(restart, 'kind', 'KIND_');
  return {
    version: textOf(fields, 'version'),
    startedAt: instantOf(fields, 'startedAt'),
    logId: textOf(fields, 'logId'),
    cursorSeq: numberOf(fields, 'cursorSeq'),
    cursorEventTime: instantOf(fields, 'cursorEventTime'),
    stateHash: textOf(fields, 'stateHash'),
    caughtUp: flagOf(fields, 'caughtUp'),
    catchUpMs: optionalNumberOf(fields, 'catchUpMs'),
    restartKind: kind === 'WARM' || kind === 'COLD' ? kind : '',
    restartReason: textOf(restart, 'reason'),
    restartFromSeq: numberOf(restart, 'fromSeq'),
    restartEvents: numberOf(restart, 'events'),
    feedState: enumName(feed, 'state', 'STATE_'),
    feedReason: textOf(feed, 'reason'),
    feedReconnects: numberOf(feed, 'reconnects'),
    tables: listOf(fields, 'tables').map(readTable),
    now: instantOf(fields, 'now'),
    paused: flagOf(controls, 'paused'),
    pauseReason: textOf(controls, 'reason'),
  };
}

/** Reads GET /health, whatever its HTTP status. */
export function readHealth(json: unknown): Health {
  const fields = fieldsOf(json);
  return {
    status: textOf(fields, 'status'),
    version: textOf(fields, 'version'),
    market: readEngine(fields['market']),
    trading: readEngine(fields['trading']),
  };
}

/** Reads GET /tables. */
export function readTables(json: unknown): TableCount[] {
  return listOf(fieldsOf(json), 'tables').map(readTable);
}

function readEngine(json: unknown): EngineHealth {
  const fields = fieldsOf(json);
  return { up: textOf(fields, 'state') === 'up', reason: textOf(fields, 'reason') };
}

function readTable(json: unknown): TableCount {
  const fields = fieldsOf(json);
  return {
    name: textOf(fields, 'name'),
    rows: numberOf(fields, 'rows'),
    retentionHours: numberOf(fields, 'retentionHours'),
  };
}

function readMode(name: string): Mode {
  return name === 'SIMULATED' || name === 'REPLAY' || name === 'LIVE' ? name : 'UNSPECIFIED';
}
