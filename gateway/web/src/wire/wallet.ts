import { fieldsOf, instantOf, listOf, numberOf, textOf, type Fields } from './fields';

/** A wallet exchanged SOL for a stablecoin or back. */
export interface WalletTrade {
  readonly seq: number;
  readonly eventTime: number;
  readonly receivedTime: number | null;
  readonly signature: string;
  readonly wallet: string;
  readonly side: 'buy' | 'sell';
  readonly solAmount: number;
  readonly stablecoin: string;
  readonly stablecoinAmount: number;
  readonly price: number;
}

/** A large wallet's balance of SOL changed. */
export interface WhaleMovement {
  readonly seq: number;
  readonly eventTime: number;
  readonly wallet: string;
  readonly whaleType: string;
  readonly direction: 'in' | 'out';
  readonly significance: string;
  /** Signed: what came in is positive. */
  readonly solChange: number;
  readonly percentageMoved: number;
  readonly currentBalance: number;
  readonly signature: string;
}

/** The rows of GET /latest/{table}. */
export function rowsOf(json: unknown): readonly unknown[] {
  return listOf(fieldsOf(json), 'rows');
}

/** Reads a row of sol_stablecoin_trades. */
export function readTradeRow(row: unknown): WalletTrade | null {
  const fields = fieldsOf(row);
  return trade(fields, fields, { solAmount: 'sol_amount', stablecoinAmount: 'stablecoin_amount' }, numberOf(fields, 'seq'));
}

/** Reads a trade of the stream. */
export function readTrade(payload: unknown, event: Fields): WalletTrade | null {
  const names = { solAmount: 'solAmount', stablecoinAmount: 'stablecoinAmount' };
  return trade(fieldsOf(payload), event, names, numberOf(event, 'seq'));
}

/** Reads a row of whale_movements. */
export function readWhaleRow(row: unknown): WhaleMovement | null {
  const fields = fieldsOf(row);
  const names = { whaleType: 'whale_type', solChange: 'sol_change', moved: 'percentage_moved', balance: 'current_balance' };
  return whale(fields, fields, names, numberOf(fields, 'seq'));
}

/** Reads a whale's movement of the stream. */
export function readWhale(payload: unknown, event: Fields): WhaleMovement | null {
  const names = { whaleType: 'whaleType', solChange: 'solChange', moved: 'percentageMoved', balance: 'currentBalance' };
  return whale(fieldsOf(payload), event, names, numberOf(event, 'seq'));
}

interface TradeNames {
  readonly solAmount: string;
  readonly stablecoinAmount: string;
}

function trade(fields: Fields, event: Fields, names: TradeNames, seq: number): WalletTrade | null {
  const eventTime = instantOf(event, 'eventTime') ?? instantOf(event, 'event_time');
  if (eventTime === null) return null;
  return {
    seq,
    eventTime,
    receivedTime: instantOf(event, 'receivedTime') ?? instantOf(event, 'received_time'),
    signature: textOf(fields, 'signature'),
    wallet: textOf(fields, 'wallet'),
    side: /sell/i.test(textOf(fields, 'side')) ? 'sell' : 'buy',
    solAmount: numberOf(fields, names.solAmount),
    stablecoin: textOf(fields, 'stablecoin'),
    stablecoinAmount: numberOf(fields, names.stablecoinAmount),
    price: numberOf(fields, 'price'),
  };
}

interface WhaleNames {
  readonly whaleType: string;
  readonly solChange: string;
  readonly moved: string;
  readonly balance: string;
}

function whale(fields: Fields, event: Fields, names: WhaleNames, seq: number): WhaleMovement | null {
  const eventTime = instantOf(event, 'eventTime') ?? instantOf(event, 'event_time');
  if (eventTime === null) return null;
  const direction = /out/i.test(textOf(fields, 'direction')) ? 'out' : 'in';
  const change = Math.abs(numberOf(fields, names.solChange));
  return {
    seq,
    eventTime,
    wallet: textOf(fields, 'wallet'),
    whaleType: textOf(fields, names.whaleType),
    direction,
    significance: textOf(fields, 'significance'),
    solChange: direction === 'out' ? -change : change,
    percentageMoved: numberOf(fields, names.moved),
    currentBalance: numberOf(fields, names.balance),
    signature: textOf(fields, 'signature'),
  };
}
