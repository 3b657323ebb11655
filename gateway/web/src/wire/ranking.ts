import { fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';

/** What is left of the gain when entering later. */
export interface DelayPoint {
  readonly delaySeconds: number;
  readonly trades: number;
  readonly meanGainPercent: number | null;
  readonly standardErrorPercent: number | null;
}

/** What a wallet's buys were worth, with what is not known about it. Rates are fractions. */
export interface RankedWallet {
  readonly wallet: string;
  readonly trades: number;
  readonly wins: number;
  readonly winRate: number | null;
  readonly winRateLow: number | null;
  readonly winRateHigh: number | null;
  /** At the cycle's end, after costs. */
  readonly meanGainPercent: number | null;
  readonly shrunkGainPercent: number | null;
  readonly shrunkGainLowPercent: number | null;
  readonly shrunkGainHighPercent: number | null;
  readonly meanPotentialPercent: number | null;
  readonly medianHoldToBestMs: number | null;
  readonly firstHalfGainPercent: number | null;
  readonly secondHalfGainPercent: number | null;
  readonly delays: readonly DelayPoint[];
  readonly lastSeen: number | null;
  readonly investedUsd: number;
  /** Fewer trades than the ranking needs. */
  readonly tooFew: boolean;
}

/** What GET /wallets answers. */
export interface Ranking {
  readonly wallets: readonly RankedWallet[];
  readonly meanGainPercent: number | null;
  readonly walletsSeen: number;
}

/** Reads GET /wallets. */
export function readRanking(json: unknown): Ranking {
  const fields = fieldsOf(json);
  return {
    wallets: listOf(fields, 'wallets').map(readWallet),
    meanGainPercent: optionalNumberOf(fields, 'meanGainPercent'),
    walletsSeen: numberOf(fields, 'walletsSeen'),
  };
}

function readWallet(json: unknown): RankedWallet {
  const fields = fieldsOf(json);
  return {
    wallet: textOf(fields, 'walletAddress'),
    trades: numberOf(fields, 'trades'),
    wins: numberOf(fields, 'wins'),
    winRate: optionalNumberOf(fields, 'winRate'),
    winRateLow: optionalNumberOf(fields, 'winRateLow'),
    winRateHigh: optionalNumberOf(fields, 'winRateHigh'),
    meanGainPercent: optionalNumberOf(fields, 'meanGainPercent'),
    shrunkGainPercent: optionalNumberOf(fields, 'shrunkGainPercent'),
    shrunkGainLowPercent: optionalNumberOf(fields, 'shrunkGainLowPercent'),
    shrunkGainHighPercent: optionalNumberOf(fields, 'shrunkGainHighPercent'),
    meanPotentialPercent: optionalNumberOf(fields, 'meanPotentialPercent'),
    medianHoldToBestMs: optionalNumberOf(fields, 'medianHoldToBestMs'),
    firstHalfGainPercent: optionalNumberOf(fields, 'firstHalfGainPercent'),
    secondHalfGainPercent: optionalNumberOf(fields, 'secondHalfGainPercent'),
    delays: listOf(fields, 'delays').map(readDelay),
    lastSeen: instantOf(fields, 'lastSeen'),
    investedUsd: numberOf(fields, 'investedUsd'),
    tooFew: flagOf(fields, 'tooFew'),
  };
}

function readDelay(json: unknown): DelayPoint {
  const fields = fieldsOf(json);
  return {
    delaySeconds: numberOf(fields, 'delaySeconds'),
    trades: numberOf(fields, 'trades'),
    meanGainPercent: optionalNumberOf(fields, 'meanGainPercent'),
    standardErrorPercent: optionalNumberOf(fields, 'standardErrorPercent'),
  };
}
