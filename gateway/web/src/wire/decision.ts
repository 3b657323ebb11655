import { enumName, fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';

/** The gates in the order in which a candidate is judged. */
export const gates = [
  'TRADING_ON', 'PLAY_ACTIVE', 'FEED_QUALITY', 'WALLET_LISTED', 'TRADE_FRESH', 'TRADE_SIZE', 'NOT_SEEN', 'PERP_MODE', 'BUNDLE',
  'TIMING', 'ONE_PER_CYCLE', 'MAX_PER_CYCLE', 'MAX_OPEN', 'MAX_EXPOSURE', 'DAILY_LOSS', 'COOLDOWN', 'CASH', 'VALIDATOR',
] as const;

/** A gate with what was measured against what. */
export interface Evaluation {
  readonly gate: string;
  readonly passed: boolean;
  readonly measured: number | null;
  readonly threshold: number | null;
  readonly unit: string;
  readonly note: string;
}

/** What became of one trade at one play, and why. */
export interface Decision {
  readonly id: string;
  readonly seq: number;
  readonly time: number;
  readonly playId: string;
  readonly playVersion: number;
  readonly entered: boolean;
  /** The first gate that failed; "" when it entered. */
  readonly gate: string;
  readonly wallet: string;
  readonly tradeSignature: string;
  readonly tradeTime: number | null;
  readonly tradePrice: number;
  readonly tradeUsd: number;
  readonly evaluations: readonly Evaluation[];
  readonly price: number | null;
  readonly priceAgeMs: number | null;
  readonly bookAgeMs: number | null;
  readonly cycleId: string;
  readonly explanation: string;
  readonly positionId: string;
  readonly decidedLate: boolean;
  readonly lateMs: number | null;
}

/** One gate of a funnel. */
export interface FunnelStep {
  readonly gate: string;
  readonly reached: number;
  readonly failed: number;
  /** Of what failed here. */
  readonly medianMeasured: number | null;
  readonly threshold: number | null;
  readonly unit: string;
}

/** How many candidates got how far: candidates = entered + the sum of failed. */
export interface Funnel {
  /** "" for all plays together. */
  readonly playId: string;
  readonly since: number | null;
  readonly until: number | null;
  readonly candidates: number;
  readonly entered: number;
  readonly steps: readonly FunnelStep[];
}

/** Reads one decision, null when it lacks its time. */
export function readDecision(json: unknown): Decision | null {
  const fields = fieldsOf(json);
  const time = instantOf(fields, 'time');
  if (time === null) return null;
  return {
    id: textOf(fields, 'id'),
    seq: numberOf(fields, 'seq'),
    time,
    playId: textOf(fields, 'playId'),
    playVersion: numberOf(fields, 'playVersion'),
    entered: textOf(fields, 'verdict') === 'VERDICT_ENTER',
    gate: gateName(enumName(fields, 'gate', 'GATE_')),
    wallet: textOf(fields, 'walletAddress'),
    tradeSignature: textOf(fields, 'tradeSignature'),
    tradeTime: instantOf(fields, 'tradeTime'),
    tradePrice: numberOf(fields, 'tradePrice'),
    tradeUsd: numberOf(fields, 'tradeUsd'),
    evaluations: listOf(fields, 'evaluations').map(readEvaluation),
    price: optionalNumberOf(fields, 'price'),
    priceAgeMs: optionalNumberOf(fields, 'priceAgeMs'),
    bookAgeMs: optionalNumberOf(fields, 'bookAgeMs'),
    cycleId: textOf(fields, 'cycleId'),
    explanation: textOf(fields, 'explanation'),
    positionId: textOf(fields, 'positionId'),
    decidedLate: flagOf(fields, 'decidedLate'),
    lateMs: optionalNumberOf(fields, 'lateMs'),
  };
}

/** Reads GET /decisions. */
export function readDecisions(json: unknown): Decision[] {
  return listOf(fieldsOf(json), 'decisions').flatMap((each) => readDecision(each) ?? []);
}

/** Reads one funnel. */
export function readFunnel(json: unknown): Funnel {
  const fields = fieldsOf(json);
  return {
    playId: textOf(fields, 'playId'),
    since: instantOf(fields, 'since'),
    until: instantOf(fields, 'until'),
    candidates: numberOf(fields, 'candidates'),
    entered: numberOf(fields, 'entered'),
    steps: listOf(fields, 'steps').map(readStep),
  };
}

/** Reads GET /funnel. */
export function readFunnels(json: unknown): { readonly total: Funnel; readonly plays: readonly Funnel[] } {
  const fields = fieldsOf(json);
  return { total: readFunnel(fields['total']), plays: listOf(fields, 'plays').map(readFunnel) };
}

function readEvaluation(json: unknown): Evaluation {
  const fields = fieldsOf(json);
  return {
    gate: gateName(enumName(fields, 'gate', 'GATE_')),
    passed: flagOf(fields, 'passed'),
    measured: optionalNumberOf(fields, 'measured'),
    threshold: optionalNumberOf(fields, 'threshold'),
    unit: textOf(fields, 'unit'),
    note: textOf(fields, 'note'),
  };
}

function readStep(json: unknown): FunnelStep {
  const fields = fieldsOf(json);
  return {
    gate: gateName(enumName(fields, 'gate', 'GATE_')),
    reached: numberOf(fields, 'reached'),
    failed: numberOf(fields, 'failed'),
    medianMeasured: optionalNumberOf(fields, 'medianMeasured'),
    threshold: optionalNumberOf(fields, 'threshold'),
    unit: textOf(fields, 'unit'),
  };
}

function gateName(name: string): string {
  return name === 'UNSPECIFIED' ? '' : name;
}
