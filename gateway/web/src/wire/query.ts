import { fieldsOf, flagOf, listOf, numberOf, textOf } from './fields';

/** A column of an answer, with its type in SQL. */
export interface QueryColumn {
  readonly name: string;
  readonly type: string;
}

/** A cell as JSON has it; lists and structures are written as JSON text. */
export type QueryCell = string | number | boolean | null;

/** What a query was answered. */
export interface QueryAnswer {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly (readonly QueryCell[])[];
  /** Rows or bytes beyond the limit were cut off. */
  readonly truncated: boolean;
  readonly tookMs: number;
  /** Everything up to this position was in the tables. */
  readonly asOfSeq: number;
}

/** Reads the answer of POST /query and POST /query_sql. */
export function readAnswer(json: unknown): QueryAnswer {
  const fields = fieldsOf(json);
  return {
    columns: listOf(fields, 'columns').map((each) => ({ name: textOf(fieldsOf(each), 'name'), type: textOf(fieldsOf(each), 'type') })),
    rows: listOf(fields, 'rows').map((row) => (Array.isArray(row) ? row.map(readCell) : [])),
    truncated: flagOf(fields, 'truncated'),
    tookMs: numberOf(fields, 'tookMs'),
    asOfSeq: numberOf(fields, 'cursorSeq' in fields ? 'cursorSeq' : 'appliedSeq'),
  };
}

function readCell(json: unknown): QueryCell {
  if (json === null || json === undefined) return null;
  if (typeof json === 'object') return JSON.stringify(json);
  return typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean' ? json : String(json);
}
