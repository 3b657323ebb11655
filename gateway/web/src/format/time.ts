const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** "14:32:07", UTC. */
export function clockTime(instant: number): string {
  const date = new Date(instant);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** "14:32", UTC. */
export function hourMinute(instant: number): string {
  return clockTime(instant).slice(0, 5);
}

/** "6 Jan", UTC. */
export function dayMonth(instant: number): string {
  return new Date(instant).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** The time alone on `today`, with its day before it on any other day. */
export function timeOn(instant: number, today: number): string {
  const sameDay = Math.floor(instant / day) === Math.floor(today / day);
  return sameDay ? clockTime(instant) : `${dayMonth(instant)} ${clockTime(instant)}`;
}

/** A stretch of time in words: "0.6 s", "41 s", "26 min", "1 h 13 min", "9.2 days". Never negative. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 9.95 * second) return `${(span / second).toFixed(1)} s`;
  if (span < 59.5 * second) return `${Math.round(span / second)} s`;
  if (span < 59.5 * minute) return `${Math.round(span / minute)} min`;
  if (span < 2 * day) {
    const minutes = Math.round(span / minute);
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  return `${(span / day).toFixed(1)} days`;
}

/** A limit: whole seconds without decimals, "5 s", "2.5 s", "10 min". */
export function limit(milliseconds: number): string {
  if (milliseconds >= minute && milliseconds % minute === 0) return `${milliseconds / minute} min`;
  return `${Number((milliseconds / second).toFixed(1))} s`;
}
