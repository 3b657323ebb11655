import { describe, expect, it } from 'vitest';
import { readCycles } from '../wire/cycle';
import { activeCycles, CycleBook, thresholdsOf } from './cycle_book';

function cycle(id: string, threshold: number, start: number, end?: number) {
  return {
    id,
    thresholdPercent: threshold,
    startTime: new Date(start).toISOString(),
    ...(end === undefined ? { active: true } : { endTime: new Date(end).toISOString() }),
  };
}

function book() {
  const book = new CycleBook();
  book.load(
    readCycles({
      cycles: [cycle('30.9', 0.3, 9000), cycle('30.1', 0.3, 1000, 9000), cycle('20.5', 0.2, 5000)],
      closed: [{ thresholdPercent: 0.3, closed: 1 }],
    }),
  );
  return book;
}

describe('CycleBook', () => {
  it('lists the active cycle of each threshold, smallest first', () => {
    expect(activeCycles(book().all()).map((each) => each.id)).toEqual(['20.5', '30.9']);
    expect(thresholdsOf(book().all())).toEqual([0.2, 0.3]);
  });

  it('counts a cycle that ends once', () => {
    const cycles = book();
    const ended = readCycles({ cycles: [cycle('30.9', 0.3, 9000, 12000)] }).cycles[0]!;
    cycles.update(ended);
    cycles.update(ended);
    expect(cycles.closed(0.3)).toBe(2);
    expect(activeCycles(cycles.all()).map((each) => each.threshold)).toEqual([0.2]);
  });

  it('never opens a closed cycle again', () => {
    const cycles = book();
    cycles.update(readCycles({ cycles: [cycle('30.1', 0.3, 1000)] }).cycles[0]!);
    expect(activeCycles(cycles.all()).map((each) => each.id)).toEqual(['20.5', '30.9']);
  });

  it('forgets what ended long ago, never what is active', () => {
    const cycles = book();
    cycles.trim(20000);
    expect(cycles.all().map((each) => each.id)).toEqual(['20.5', '30.9']);
  });
});
