import type { Mark } from '../desk/mark';

/** How far a common gauge of these marks has to reach, in percent: the farthest of them, a tenth more, at least 0.1. */
export function gaugeReach(marks: readonly (Mark | null)[]): number {
  let farthest = 0;
  for (const mark of marks) {
    if (!mark) continue;
    const { distancePercent, bestRoomPercent, entryRoomPercent } = mark;
    farthest = Math.max(farthest, distancePercent ?? 0, bestRoomPercent ?? 0, Math.abs(entryRoomPercent ?? 0));
  }
  return Math.max(0.1, farthest * 1.1);
}
