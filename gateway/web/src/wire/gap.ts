import { enumName, fieldsOf, flagOf, instantOf, listOf, textOf } from './fields';

/** Data that cannot be leaned on, from a time to a time. */
export interface Gap {
  readonly kind: string;
  readonly feed: string;
  /** Empty for the whole feed. */
  readonly symbol: string;
  readonly noticedAt: number;
  readonly from: number | null;
  /** Null when it had not ended. */
  readonly to: number | null;
  readonly reason: string;
}

/** The answer of GET /gaps, newest first. */
export interface Gaps {
  readonly gaps: readonly Gap[];
  /** There are older ones within the time that was asked for. */
  readonly truncated: boolean;
  /** What was before is no longer in memory; null when all of it is. */
  readonly completeFrom: number | null;
}

/** Reads GET /gaps. */
export function readGaps(json: unknown): Gaps {
  const fields = fieldsOf(json);
  return { gaps: listOf(fields, 'gaps').map(readGap), truncated: flagOf(fields, 'truncated'), completeFrom: instantOf(fields, 'completeFrom') };
}

function readGap(json: unknown): Gap {
  const fields = fieldsOf(json);
  return {
    kind: enumName(fields, 'kind', 'KIND_'),
    feed: textOf(fields, 'feed'),
    symbol: textOf(fields, 'symbol'),
    noticedAt: instantOf(fields, 'eventTime') ?? 0,
    from: instantOf(fields, 'from'),
    to: instantOf(fields, 'to'),
    reason: textOf(fields, 'reason'),
  };
}
