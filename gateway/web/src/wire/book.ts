import { enumName, fieldsOf, instantOf, listOf, numberOf, optionalNumberOf, textOf, type Fields } from './fields';

/** One price with its total quantity. */
export interface Level {
  readonly price: number;
  readonly quantity: number;
}

/** The best levels of one order book. */
export interface Book {
  readonly venue: string;
  readonly symbol: string;
  readonly source: string;
  readonly eventTime: number;
  /** Highest price first. */
  readonly bids: readonly Level[];
  /** Lowest price first. */
  readonly asks: readonly Level[];
  readonly midPrice: number;
  readonly spreadBps: number;
  /** (bid - ask) / (bid + ask) of the ten best levels; null when it is not given. */
  readonly imbalance: number | null;
}

/** Reads a snapshot of the stream. */
export function readBook(snapshot: unknown, event: Fields): Book | null {
  const fields = fieldsOf(snapshot);
  const features = fieldsOf(fields['features']);
  const eventTime = instantOf(event, 'eventTime');
  if (eventTime === null) return null;
  return {
    venue: enumName(fields, 'venue', 'VENUE_'),
    symbol: textOf(fields, 'symbol'),
    source: enumName(event, 'source', 'SOURCE_'),
    eventTime,
    bids: listOf(fields, 'bids').map(readLevel),
    asks: listOf(fields, 'asks').map(readLevel),
    midPrice: numberOf(features, 'midPrice'),
    spreadBps: numberOf(features, 'spreadBps'),
    imbalance: optionalNumberOf(features, 'volumeImbalance'),
  };
}

/** Reads a row of order_book_snapshots, whose levels are JSON text [[price, quantity], …]. */
export function readBookRow(row: unknown): Book | null {
  const fields = fieldsOf(row);
  const eventTime = instantOf(fields, 'event_time');
  if (eventTime === null) return null;
  return {
    venue: enumName(fields, 'venue', 'VENUE_').toUpperCase(),
    symbol: textOf(fields, 'symbol'),
    source: enumName(fields, 'source', 'SOURCE_').toUpperCase(),
    eventTime,
    bids: readLevelText(fields['bids']),
    asks: readLevelText(fields['asks']),
    midPrice: numberOf(fields, 'mid_price'),
    spreadBps: numberOf(fields, 'spread_bps'),
    imbalance: optionalNumberOf(fields, 'volume_imbalance'),
  };
}

function readLevel(json: unknown): Level {
  if (Array.isArray(json)) return { price: Number(json[0]), quantity: Number(json[1]) };
  const fields = fieldsOf(json);
  return { price: numberOf(fields, 'price'), quantity: numberOf(fields, 'quantity') };
}

function readLevelText(text: unknown): Level[] {
  if (Array.isArray(text)) return text.map(readLevel);
  if (typeof text !== 'string') return [];
  try {
    const levels: unknown = JSON.parse(text);
    return Array.isArray(levels) ? levels.map(readLevel) : [];
  } catch {
    return [];
  }
}
