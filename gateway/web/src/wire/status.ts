import { enumName, fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';
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
  /** Null before the first comparison. */
  readonly parity: Parity | null;
}

/** A day folded again against what was decided. */
export interface Parity {
  /** A UTC day such as 2026-01-03. */
  readonly day: string;
  /** MATCH, DIFFER or NOT_POSSIBLE. */
  readonly state: string;
  /** Why it differs or could not be compared; "" when everything is the same. */
  readonly reason: string;
  readonly events: number;
  readonly decisions: number;
  readonly differences: number;
  /** "" when there is none. */
  readonly firstDifference: string;
  readonly checkedAt: number | null;
}

/** Work beside the fold of the events, as it really ran. */
export interface Job {
  readonly name: string;
  readonly cadence: string;
  readonly runs: number;
  readonly failures: number;
  readonly slow: number;
  readonly slowAfterMs: number;
  readonly running: boolean;
  readonly lastStartedAt: number | null;
  readonly lastEndedAt: number | null;
  readonly lastDurationMs: number | null;
  /** SUCCEEDED or FAILED; "" before the first run ended. */
  readonly lastOutcome: string;
  readonly lastResult: string;
  readonly lastError: string;
  readonly nextDueAt: number | null;
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
    parity: 'parity' in fields ? readParity(fieldsOf(fields['parity'])) : null,
  };
}

/** Reads GET /scheduler/status. */
export function readJobs(json: unknown): Job[] {
  return listOf(fieldsOf(json), 'jobs').map((each) => {
    const fields = fieldsOf(each);
    const outcome = enumName(fields, 'lastOutcome', 'OUTCOME_');
    return {
      name: textOf(fields, 'name'),
      cadence: textOf(fields, 'cadence'),
      runs: numberOf(fields, 'runs'),
      failures: numberOf(fields, 'failures'),
      slow: numberOf(fields, 'slow'),
      slowAfterMs: numberOf(fields, 'slowAfterMs'),
      running: flagOf(fields, 'running'),
      lastStartedAt: instantOf(fields, 'lastStartedAt'),
      lastEndedAt: instantOf(fields, 'lastEndedAt'),
      lastDurationMs: optionalNumberOf(fields, 'lastDurationMs'),
      lastOutcome: outcome === 'UNSPECIFIED' ? '' : outcome,
      lastResult: textOf(fields, 'lastResult'),
      lastError: textOf(fields, 'lastError'),
      nextDueAt: instantOf(fields, 'nextDueAt'),
    };
  });
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

function readParity(fields: Fields): Parity {
  return {
    day: textOf(fields, 'day'),
    state: enumName(fields, 'state', 'STATE_'),
    reason: textOf(fields, 'reason'),
    events: numberOf(fields, 'events'),
    decisions: numberOf(fields, 'decisions'),
    differences: numberOf(fields, 'differences'),
    firstDifference: textOf(fields, 'firstDifference'),
    checkedAt: instantOf(fields, 'checkedAt'),
  };
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
