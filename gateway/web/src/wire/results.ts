import { fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';

/** What came of trades over a stretch of time. Rates are fractions; a ratio is null where it says nothing. */
export interface Results {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly tooFew: boolean;
  readonly winRate: number | null;
  readonly winRateLow: number | null;
  readonly winRateHigh: number | null;
  readonly feesUsd: number;
  readonly profitUsd: number;
  readonly profitPercent: number | null;
  readonly profitFactor: number | null;
  readonly expectancyUsd: number | null;
  /** Of the peak; null while the equity never fell. */
  readonly maxDrawdownPercent: number | null;
  readonly exposurePercent: number | null;
  /** What holding the token would have gained, before costs. */
  readonly buyAndHoldPercent: number | null;
  readonly againstHoldPercent: number | null;
}

/** The results of one window, such as 24h. */
export interface WindowResults {
  readonly window: string;
  readonly from: number | null;
  readonly until: number | null;
  /** As if the engine had always been on. */
  readonly alwaysOn: Results;
  /** Trades that were decided or filled late. */
  readonly decidedLate: number;
}

/** What GET /results answers. */
export interface SubjectResults {
  readonly windows: readonly WindowResults[];
  /** What is held for comparison. */
  readonly benchmark: string;
}

/** Reads GET /results. */
export function readResults(json: unknown): SubjectResults {
  const fields = fieldsOf(json);
  return { windows: listOf(fields, 'windows').map(readWindow), benchmark: textOf(fields, 'benchmark') };
}

function readWindow(json: unknown): WindowResults {
  const fields = fieldsOf(json);
  return {
    window: textOf(fields, 'window'),
    from: instantOf(fields, 'from'),
    until: instantOf(fields, 'until'),
    alwaysOn: readFigures(fieldsOf(fields['alwaysOn'])),
    decidedLate: numberOf(fields, 'decidedLate'),
  };
}

function readFigures(fields: Fields): Results {
  const drawdown = fields['maxDrawdown'];
  return {
    trades: numberOf(fields, 'trades'),
    wins: numberOf(fields, 'wins'),
    losses: numberOf(fields, 'losses'),
    tooFew: flagOf(fields, 'nTooSmall'),
    winRate: optionalNumberOf(fields, 'winRate'),
    winRateLow: optionalNumberOf(fields, 'winRateLow'),
    winRateHigh: optionalNumberOf(fields, 'winRateHigh'),
    feesUsd: numberOf(fields, 'feesUsd'),
    profitUsd: numberOf(fields, 'profitUsd'),
    profitPercent: optionalNumberOf(fields, 'profitPercent'),
    profitFactor: optionalNumberOf(fields, 'profitFactor'),
    expectancyUsd: optionalNumberOf(fields, 'expectancyUsd'),
    maxDrawdownPercent: drawdown === undefined ? null : numberOf(fieldsOf(drawdown), 'percent'),
    exposurePercent: optionalNumberOf(fields, 'exposurePercent'),
    buyAndHoldPercent: optionalNumberOf(fields, 'buyAndHoldPercent'),
    againstHoldPercent: optionalNumberOf(fields, 'againstHoldPercent'),
  };
}
