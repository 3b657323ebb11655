/** Maps a value to a place in pixels. */
export interface Scale {
  (value: number): number;
  /** The value at a place. */
  readonly invert: (place: number) => number;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  second, 5 * second, 10 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
  hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 5 * day, 10 * day, 30 * day,
];

/** A straight map from [from, to] to [start, end]; a domain without width maps to the middle. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  const span = to - from;
  const map = (value: number): number => (span === 0 ? (start + end) / 2 : start + ((value - from) / span) * (end - start));
  const invert = (place: number): number => from + ((place - start) / (end - start)) * span;
  return Object.assign(map, { invert });
}

/** Round values within [low, high], about `count` of them. */
export function niceTicks(low: number, high: number, count: number): number[] {
  if (!(high > low) || count < 1) return [];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = raw / power;
  const step = (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Round UTC instants within [from, to] in milliseconds, at most `count` of them. */
export function timeTicks(from: number, to: number, count: number): number[] {
  if (!(to > from) || count < 1) return [];
  const step = timeSteps.find((each) => (to - from) / each <= count) ?? 30 * day;
  const first = Math.ceil(from / step);
  const last = Math.floor(to / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}

/** The lowest and highest of these with a margin; around a single value one hundredth of a percent. */
export function extent(values: readonly number[], margin: number): { readonly low: number; readonly high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { low: 0, high: 1 };
  const room = (high - low) * margin || Math.abs(high) * 1e-4 || 1;
  return { low: low - room, high: high + room };
}

/** An SVG path through points. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  return points.length === 0 ? '' : `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`;
}

/** The corners of a line that keeps each value until the next point. */
export function stepped(points: readonly (readonly [x: number, y: number])[]): (readonly [x: number, y: number])[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    return before ? [[point[0], before[1]] as const, point] : [point];
  });
}
