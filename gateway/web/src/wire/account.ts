import { fieldsOf, instantOf, numberOf } from './fields';

/** The paper account, in USD. */
export interface Account {
  readonly startUsd: number;
  readonly equityUsd: number;
  readonly cashUsd: number;
  /** Gross of fees. */
  readonly realisedUsd: number;
  readonly unrealisedUsd: number;
  readonly feesUsd: number;
  readonly exposureUsd: number;
  readonly openPositions: number;
  /** Realised less fees of the present UTC day. */
  readonly dayProfitUsd: number;
  readonly asOf: number | null;
  readonly seq: number;
}

/** Reads GET /account. */
export function readAccount(json: unknown): Account {
  const fields = fieldsOf(fieldsOf(json)['account']);
  return {
    startUsd: numberOf(fields, 'startUsd'),
    equityUsd: numberOf(fields, 'equityUsd'),
    cashUsd: numberOf(fields, 'cashUsd'),
    realisedUsd: numberOf(fields, 'realisedUsd'),
    unrealisedUsd: numberOf(fields, 'unrealisedUsd'),
    feesUsd: numberOf(fields, 'feesUsd'),
    exposureUsd: numberOf(fields, 'exposureUsd'),
    openPositions: numberOf(fields, 'openPositions'),
    dayProfitUsd: numberOf(fields, 'dayProfitUsd'),
    asOf: instantOf(fields, 'asOf'),
    seq: numberOf(fields, 'seq'),
  };
}
