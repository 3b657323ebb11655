import { fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';

/** One exchange of a comparison, over the common time. */
export interface ComparedExchange {
  /** binance or bybit. */
  readonly exchange: string;
  readonly strategy: string;
  readonly returnPercent: number | null;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** After fees, of trades that ended. */
  readonly profitUsd: number;
  readonly winRatePercent: number | null;
  /** Null without losses. */
  readonly profitFactor: number | null;
  readonly tooFew: boolean;
  readonly stale: boolean;
}

/** The same rules on two exchanges. */
export interface Comparison {
  readonly rules: string;
  readonly symbol: string;
  readonly from: number | null;
  readonly until: number | null;
  readonly exchanges: readonly ComparedExchange[];
  /** "" for a tie, and when they cannot be compared. */
  readonly leader: string;
  readonly tie: boolean;
  readonly leadPercentPoints: number;
  /** Why they cannot be compared, or what to bear in mind. */
  readonly caution: string;
}

/** Reads GET /stats/comparison. */
export function readComparison(json: unknown): Comparison {
  const fields = fieldsOf(json);
  return {
    rules: textOf(fields, 'strategy'),
    symbol: textOf(fields, 'symbol'),
    from: instantOf(fields, 'from'),
    until: instantOf(fields, 'until'),
    exchanges: listOf(fields, 'exchanges').map(readExchange),
    leader: textOf(fields, 'leader'),
    tie: flagOf(fields, 'tie'),
    leadPercentPoints: numberOf(fields, 'leadPercentPoints'),
    caution: textOf(fields, 'caution'),
  };
}

function readExchange(json: unknown): ComparedExchange {
  const fields = fieldsOf(json);
  return {
    exchange: textOf(fields, 'exchange'),
    strategy: textOf(fields, 'strategy'),
    returnPercent: optionalNumberOf(fields, 'returnPercent'),
    trades: numberOf(fields, 'trades'),
    wins: numberOf(fields, 'wins'),
    losses: numberOf(fields, 'losses'),
    profitUsd: numberOf(fields, 'profitUsd'),
    winRatePercent: optionalNumberOf(fields, 'winRatePercent'),
    profitFactor: optionalNumberOf(fields, 'profitFactor'),
    tooFew: flagOf(fields, 'nTooSmall'),
    stale: flagOf(fields, 'stale'),
  };
}
