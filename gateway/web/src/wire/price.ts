import { enumName, fieldsOf, instantOf, listOf, numberOf } from './fields';

/** A price at an instant. */
export interface PricePoint {
  readonly time: number;
  readonly price: number;
}

/** A stretch without any price: a line must not bridge it. */
export interface PriceGap {
  readonly from: number;
  readonly to: number;
}

/** What GET /price/{token}/history answers. */
export interface PriceHistory {
  readonly points: readonly PricePoint[];
  readonly gaps: readonly PriceGap[];
  readonly source: string;
}

/** Reads a history; points without time or price are left out. */
export function readHistory(json: unknown): PriceHistory {
  const fields = fieldsOf(json);
  return {
    points: listOf(fields, 'points').flatMap(readPoint),
    gaps: listOf(fields, 'gaps').flatMap(readGap),
    source: enumName(fields, 'source', 'SOURCE_'),
  };
}

function readPoint(json: unknown): PricePoint[] {
  const fields = fieldsOf(json);
  const time = instantOf(fields, 'time');
  const price = numberOf(fields, 'price');
  return time === null || price <= 0 ? [] : [{ time, price }];
}

function readGap(json: unknown): PriceGap[] {
  const fields = fieldsOf(json);
  const from = instantOf(fields, 'from');
  const to = instantOf(fields, 'to');
  return from === null || to === null ? [] : [{ from, to }];
}
