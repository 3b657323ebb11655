import { describe, expect, it } from 'vitest';
import { csvText } from '../table/csv';
import { readAnswer } from '../wire/query';
import { answerCsv, cellText, isNumeric } from './cells';

const answer = readAnswer({
  columns: [{ name: 'seq', type: 'UBIGINT' }, { name: 'price', type: 'DOUBLE' }, { name: 'note', type: 'VARCHAR' }],
  rows: [['18446744073709551615', 132.5, null], [7, 0.1, { a: [1] }], [true, 2, 'x, y']],
  count: 3, tookMs: 1.5, appliedSeq: '12',
});

describe('an answer', () => {
  it('keeps every digit, null and structure', () => {
    expect(answer.rows[0]?.map(cellText)).toEqual(['18446744073709551615', '132.5', 'null']);
    expect(answer.rows[1]?.map(cellText)).toEqual(['7', '0.1', '{"a":[1]}']);
    expect(answer.asOfSeq).toBe(12);
  });

  it('is a CSV with empty cells for null', () => {
    expect(csvText(answerCsv(answer))).toBe('seq,price,note\r\n18446744073709551615,132.5,\r\n7,0.1,"{""a"":[1]}"\r\ntrue,2,"x, y"\r\n');
  });
});

describe('isNumeric', () => {
  it('knows the numbers of both databases', () => {
    const types = ['UBIGINT', 'INTEGER', 'DOUBLE', 'DECIMAL(18,3)', 'double precision', 'int8', 'bigint', 'numeric', 'HUGEINT', 'float8'];
    expect(types.filter((type) => !isNumeric({ name: '', type }))).toEqual([]);
  });

  it('leaves times, text and intervals at the left', () => {
    const types = ['VARCHAR', 'TIMESTAMP', 'INTERVAL', 'BOOLEAN', 'timestamptz', 'DOUBLE[]'];
    expect(types.filter((type) => isNumeric({ name: '', type }))).toEqual([]);
  });
});
