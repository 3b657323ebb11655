import type { QueryColumn } from '../wire/query';

/** A query to begin with. */
export interface Example {
  readonly title: string;
  readonly sql: string;
}

/** A database that can be asked. */
export interface Target {
  /** As the address has it. */
  readonly key: string;
  readonly title: string;
  /** What it holds, and in which SQL it is asked. */
  readonly about: string;
  /** Where the gateway takes the question. */
  readonly path: string;
  /** As the request names it; null when the path has one alone. */
  readonly target: string | null;
  /** Where its tables are listed with their counts. */
  readonly tablesPath: string;
  /** False when the counts of that list are not this target's. */
  readonly counted: boolean;
  /** What a question may cost, in words. */
  readonly limits: string;
  /** Whose tables they are. */
  readonly owner: string;
  readonly examples: readonly Example[];
}

const hotExamples: readonly Example[] = [
  { title: 'Price of each token', sql: 'SELECT token, count(*) AS ticks, min(price) AS lowest, max(price) AS highest, arg_max(price, event_time) AS last\nFROM prices GROUP BY token ORDER BY token' },
  { title: 'Wallets that traded most', sql: 'SELECT wallet, count(*) AS trades, sum(stablecoin_amount) AS usd\nFROM sol_stablecoin_trades GROUP BY wallet ORDER BY usd DESC LIMIT 20' },
  { title: 'Newest candles', sql: 'SELECT venue, symbol, interval_seconds, open_time, open, high, low, close, volume\nFROM candles ORDER BY open_time DESC, venue LIMIT 40' },
  { title: 'Spread by exchange', sql: 'SELECT venue, symbol, count(*) AS books, round(avg(spread_bps), 3) AS spread_bps\nFROM order_book_snapshots GROUP BY venue, symbol ORDER BY venue, symbol' },
];

const archiveExamples: readonly Example[] = [
  { title: 'Ticks by day', sql: "SELECT date_trunc('day', event_time) AS day, token, count(*) AS ticks\nFROM prices GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 60" },
  { title: 'Oldest and newest trade', sql: 'SELECT min(event_time) AS oldest, max(event_time) AS newest, count(*) AS trades\nFROM sol_stablecoin_trades' },
  { title: 'What was missed', sql: 'SELECT event_time, kind, symbol, from_time, to_time, reason\nFROM feed_events ORDER BY event_time DESC LIMIT 50' },
];

const workspaceExamples: readonly Example[] = [
  { title: 'Decisions by play and gate', sql: 'SELECT play_id, verdict, failed_gate, count(*) AS number\nFROM decisions GROUP BY play_id, verdict, failed_gate ORDER BY number DESC' },
  { title: 'Results by play', sql: 'SELECT play_id, exit_reason, count(*) AS positions, round(sum(profit_usd), 2) AS profit_usd\nFROM follow_the_goat_buyins GROUP BY play_id, exit_reason ORDER BY play_id' },
  { title: 'Newest cycles', sql: 'SELECT * FROM price_cycles ORDER BY start_time DESC LIMIT 50' },
];

const limits = 'One SELECT of 16 KiB, answered within 2 s and 256 MB, with 10,000 rows or 4 MiB; two run at a time. So it is unless [query] of the configuration says otherwise.';

/** The databases that can be asked, the first when none is chosen. */
export const targets: readonly Target[] = [
  {
    key: 'hot', title: 'Market, last hours', about: 'the data-engine’s tables in memory, in the SQL of DuckDB', path: '/query', target: 'QUERY_TARGET_HOT',
    tablesPath: '/tables', counted: true, limits, owner: 'data-engine', examples: hotExamples,
  },
  {
    key: 'archive', title: 'Market, archive', about: 'the same tables in PostgreSQL and in its SQL: everything that this log has archived', path: '/query',
    target: 'QUERY_TARGET_ARCHIVE', tablesPath: '/tables', counted: false, limits, owner: 'data-engine', examples: archiveExamples,
  },
  {
    key: 'workspace', title: 'Workspace', about: 'the trading-engine’s workspace, in the SQL of DuckDB: cycles, decisions, positions and what they were computed from',
    path: '/query_sql', target: null, tablesPath: '/api/v1/trading/status', counted: true, limits, owner: 'trading-engine', examples: workspaceExamples,
  },
];

/** The target of this key, the first for any other. */
export function targetOf(key: string): Target {
  const [first] = targets;
  if (!first) throw new Error('There is no database to ask.');
  return targets.find((target) => target.key === key) ?? first;
}

/** A question that shows some rows of a table: the newest where its rows have positions. */
export function glanceAt(table: string, columns: readonly QueryColumn[]): string {
  const newest = columns.some((column) => column.name === 'seq') ? ' ORDER BY seq DESC' : '';
  return `SELECT * FROM ${table}${newest} LIMIT 50`;
}
