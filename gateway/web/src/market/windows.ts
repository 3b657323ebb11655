/** A stretch of time that the page can show. */
export interface TimeWindow {
  readonly label: string;
  readonly hours: number;
  /** One slot of the chart. */
  readonly stepSeconds: number;
  /** How many cycles are needed to fill the lanes. */
  readonly cycles: number;
}

/** The windows there are, in the order of keys 1 to 4. */
export const windows: readonly [TimeWindow, ...TimeWindow[]] = [
  { label: '15 min', hours: 0.25, stepSeconds: 1, cycles: 400 },
  { label: '1 h', hours: 1, stepSeconds: 2, cycles: 600 },
  { label: '2 h', hours: 2, stepSeconds: 4, cycles: 1000 },
  { label: '24 h', hours: 24, stepSeconds: 60, cycles: 5000 },
];

/** The window shown at first: two hours. */
export const firstWindow: TimeWindow = windows[2] ?? windows[0];
