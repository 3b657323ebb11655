import type { CsvTable } from '../table/csv';
import type { QueryAnswer, QueryCell, QueryColumn } from '../wire/query';

const numeric = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\d*|DOUBLE( PRECISION)?|REAL|FLOAT\d*|(DECIMAL|NUMERIC)(\(.*\))?)$/i;

/** True when a column's values stand at the right. */
export function isNumeric(column: QueryColumn): boolean {
  return numeric.test(column.type);
}

/** A value as it was answered: no digit added, none taken. */
export function cellText(value: QueryCell): string {
  return value === null ? 'null' : String(value);
}

/** An answer as a table; true and false are words. */
export function answerCsv(answer: QueryAnswer): CsvTable {
  return {
    name: 'query',
    columns: answer.columns.map((column) => column.name),
    rows: answer.rows.map((row) => row.map((value) => (typeof value === 'boolean' ? String(value) : value))),
  };
}
