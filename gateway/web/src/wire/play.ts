import { fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';

/** A play as the server holds it: what lists need, and the whole of it for the editor. */
export interface Play {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly active: boolean;
  readonly changedAt: number | null;
  readonly document: Fields;
}

/** What came of a play's positions that were left within the hours asked about. */
export interface PlayPerformance {
  readonly playId: string;
  readonly positions: number;
  readonly wins: number;
  readonly losses: number;
  readonly open: number;
  readonly rejected: number;
  readonly profitUsd: number;
  readonly feesUsd: number;
  /** Fractions; null without any that was left. */
  readonly winRate: number | null;
  readonly winRateLow: number | null;
  readonly winRateHigh: number | null;
  readonly meanReturnPercent: number | null;
  readonly unrealisedUsd: number;
  readonly decidedLate: number;
}

/** Reads one play. */
export function readPlay(json: unknown): Play {
  const fields = fieldsOf(json);
  return {
    id: textOf(fields, 'id'),
    version: numberOf(fields, 'version'),
    name: textOf(fields, 'name'),
    description: textOf(fields, 'description'),
    active: flagOf(fields, 'active'),
    changedAt: instantOf(fields, 'changedAt'),
    document: fields,
  };
}

/** Reads GET /plays. */
export function readPlays(json: unknown): Play[] {
  return listOf(fieldsOf(json), 'plays').map(readPlay);
}

/** Reads GET /plays/{id}/versions, newest first. */
export function readPlayVersions(json: unknown): Play[] {
  return listOf(fieldsOf(json), 'versions').map(readPlay);
}

/** Reads GET /plays/performance. */
export function readPerformance(json: unknown): PlayPerformance[] {
  return listOf(fieldsOf(json), 'plays').map((each) => {
    const fields = fieldsOf(each);
    return {
      playId: textOf(fields, 'playId'),
      positions: numberOf(fields, 'positions'),
      wins: numberOf(fields, 'wins'),
      losses: numberOf(fields, 'losses'),
      open: numberOf(fields, 'open'),
      rejected: numberOf(fields, 'rejected'),
      profitUsd: numberOf(fields, 'profitUsd'),
      feesUsd: numberOf(fields, 'feesUsd'),
      winRate: optionalNumberOf(fields, 'winRate'),
      winRateLow: optionalNumberOf(fields, 'winRateLow'),
      winRateHigh: optionalNumberOf(fields, 'winRateHigh'),
      meanReturnPercent: optionalNumberOf(fields, 'meanReturnPercent'),
      unrealisedUsd: numberOf(fields, 'unrealisedUsd'),
      decidedLate: numberOf(fields, 'decidedLate'),
    };
  });
}
