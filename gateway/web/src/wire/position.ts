import { enumName, fieldsOf, flagOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';

/** Where a position stands. */
export type PositionState = 'OPENING' | 'OPEN' | 'CLOSING' | 'CLOSED' | 'MISSED' | 'UNSPECIFIED';

/** A level of the book that a fill took from. */
export interface FillLevel {
  readonly price: number;
  readonly displayed: number;
  readonly consumedBefore: number;
  readonly taken: number;
}

/** A paper order met the market; it can be recomputed from this and the recorded event. */
export interface Fill {
  readonly seq: number;
  readonly fromBook: boolean;
  readonly venue: string;
  readonly updateId: string;
  readonly levels: readonly FillLevel[];
  readonly quantity: number;
  readonly averagePrice: number;
  readonly notionalUsd: number;
  readonly feeUsd: number;
  readonly feeBps: number;
  readonly slippageBps: number;
  readonly decidedAt: number | null;
  readonly dueAt: number | null;
  readonly filledAt: number | null;
  readonly beyondBookQuantity: number;
}

/** What the entry could have made, in percent of its price. */
export interface Gains {
  readonly best: number | null;
  readonly worst: number | null;
  readonly atCycleEnd: number | null;
  readonly byExit: number | null;
  readonly byExitAfterCosts: number | null;
}

/** A paper position of a play. */
export interface Position {
  readonly id: string;
  readonly playId: string;
  readonly playVersion: number;
  readonly state: PositionState;
  readonly short: boolean;
  readonly wallet: string;
  readonly tradeSignature: string;
  readonly cycleId: string;
  readonly decidedAt: number | null;
  readonly sizeUsd: number;
  readonly entry: Fill | null;
  readonly exit: Fill | null;
  readonly exitReason: string;
  readonly exitNote: string;
  readonly highestPrice: number | null;
  readonly lowestPrice: number | null;
  readonly currentPrice: number | null;
  readonly stopPrice: number | null;
  /** After fees, of a closed one. */
  readonly profitUsd: number | null;
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  readonly holdMs: number | null;
  readonly decidedLate: boolean;
  readonly stopRaises: number;
  readonly gains: Gains;
}

/** The stop of a position moved. */
export interface PriceCheck {
  readonly seq: number;
  readonly time: number;
  readonly price: number;
  readonly highestPrice: number;
  /** Fraction of the peak that may be given back. */
  readonly tolerance: number;
  readonly stopPrice: number;
}

/** Reads one position. */
export function readPosition(json: unknown): Position {
  const fields = fieldsOf(json);
  return {
    id: textOf(fields, 'id'),
    playId: textOf(fields, 'playId'),
    playVersion: numberOf(fields, 'playVersion'),
    state: readState(enumName(fields, 'state', 'STATE_')),
    short: textOf(fields, 'direction') === 'POSITION_SIDE_SHORT',
    wallet: textOf(fields, 'walletAddress'),
    tradeSignature: textOf(fields, 'tradeSignature'),
    cycleId: textOf(fields, 'cycleId'),
    decidedAt: instantOf(fields, 'decidedAt'),
    sizeUsd: numberOf(fields, 'sizeUsd'),
    entry: readFill(fields['entry']),
    exit: readFill(fields['exit']),
    exitReason: enumName(fields, 'exitReason', 'EXIT_REASON_').replace('UNSPECIFIED', ''),
    exitNote: textOf(fields, 'exitNote'),
    highestPrice: optionalNumberOf(fields, 'highestPrice'),
    lowestPrice: optionalNumberOf(fields, 'lowestPrice'),
    currentPrice: optionalNumberOf(fields, 'currentPrice'),
    stopPrice: optionalNumberOf(fields, 'stopPrice'),
    profitUsd: optionalNumberOf(fields, 'profitUsd'),
    openedAt: instantOf(fields, 'openedAt'),
    closedAt: instantOf(fields, 'closedAt'),
    holdMs: optionalNumberOf(fields, 'holdMs'),
    decidedLate: flagOf(fields, 'decidedLate'),
    stopRaises: numberOf(fields, 'stopRaises'),
    gains: readGains(fields['gains']),
  };
}

/** Reads GET /buyins. */
export function readPositions(json: unknown): { readonly positions: readonly Position[]; readonly nextPage: string } {
  const fields = fieldsOf(json);
  return { positions: listOf(fields, 'positions').map(readPosition), nextPage: textOf(fields, 'nextPageToken') };
}

/** Reads GET /buyins/{id}/price_checks, oldest first. */
export function readPriceChecks(json: unknown): PriceCheck[] {
  return listOf(fieldsOf(json), 'checks').flatMap(readPriceCheck).sort((left, right) => left.seq - right.seq);
}

function readPriceCheck(json: unknown): PriceCheck[] {
  const fields = fieldsOf(json);
  const time = instantOf(fields, 'time');
  if (time === null) return [];
  return [
    {
      seq: numberOf(fields, 'seq'),
      time,
      price: numberOf(fields, 'price'),
      highestPrice: numberOf(fields, 'highestPrice'),
      tolerance: numberOf(fields, 'tolerance'),
      stopPrice: numberOf(fields, 'stopPrice'),
    },
  ];
}

function readState(name: string): PositionState {
  const known: readonly PositionState[] = ['OPENING', 'OPEN', 'CLOSING', 'CLOSED', 'MISSED'];
  return known.find((state) => state === name) ?? 'UNSPECIFIED';
}

function readFill(json: unknown): Fill | null {
  if (typeof json !== 'object' || json === null) return null;
  const fields = fieldsOf(json);
  return {
    seq: numberOf(fields, 'seq'),
    fromBook: flagOf(fields, 'fromBook'),
    venue: enumName(fields, 'venue', 'VENUE_'),
    updateId: textOf(fields, 'updateId'),
    levels: listOf(fields, 'levels').map(readLevel),
    quantity: numberOf(fields, 'quantity'),
    averagePrice: numberOf(fields, 'averagePrice'),
    notionalUsd: numberOf(fields, 'notionalUsd'),
    feeUsd: numberOf(fields, 'feeUsd'),
    feeBps: numberOf(fields, 'feeBps'),
    slippageBps: numberOf(fields, 'slippageBps'),
    decidedAt: instantOf(fields, 'decidedAt'),
    dueAt: instantOf(fields, 'dueAt'),
    filledAt: instantOf(fields, 'filledAt'),
    beyondBookQuantity: numberOf(fields, 'beyondBookQuantity'),
  };
}

function readLevel(json: unknown): FillLevel {
  const fields = fieldsOf(json);
  return {
    price: numberOf(fields, 'price'),
    displayed: numberOf(fields, 'displayed'),
    consumedBefore: numberOf(fields, 'consumedBefore'),
    taken: numberOf(fields, 'taken'),
  };
}

function readGains(json: unknown): Gains {
  const fields = fieldsOf(json);
  return {
    best: optionalNumberOf(fields, 'bestPercent'),
    worst: optionalNumberOf(fields, 'worstPercent'),
    atCycleEnd: optionalNumberOf(fields, 'atCycleEndPercent'),
    byExit: optionalNumberOf(fields, 'byExitPercent'),
    byExitAfterCosts: optionalNumberOf(fields, 'byExitAfterCostsPercent'),
  };
}
