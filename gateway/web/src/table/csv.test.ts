import { describe, expect, it } from 'vitest';
import { csvText } from './csv';

describe('csvText', () => {
  it('quotes what needs it and keeps numbers as they are', () => {
    const table = { name: 'x', columns: ['a', 'b'], rows: [['say "so", he said', -1.5], ['line\nbreak', null]] };
    expect(csvText(table)).toBe('a,b\r\n"say ""so"", he said",-1.5\r\n"line\nbreak",\r\n');
  });

  it('keeps formulas from running', () => {
    expect(csvText({ name: 'x', columns: ['a'], rows: [['=1+1']] })).toBe("a\r\n'=1+1\r\n");
  });
});
