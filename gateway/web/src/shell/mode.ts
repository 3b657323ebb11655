import type { Mode } from '../wire/status';

/** The tag that says where the events come from. */
export interface ModeTag {
  readonly text: string;
  /** True for what did not happen, or not now: it is hatched. */
  readonly hatched: boolean;
}

/** The tag of a mode; null until the mode is known. */
export function modeTag(mode: Mode, replaySpeed: number | null): ModeTag | null {
  if (mode === 'SIMULATED') return { text: 'SIMULATED', hatched: true };
  if (mode === 'LIVE') return { text: 'LIVE', hatched: false };
  if (mode !== 'REPLAY') return null;
  if (replaySpeed === null) return { text: 'REPLAY', hatched: true };
  return { text: replaySpeed === 0 ? 'REPLAY ×max' : `REPLAY ×${replaySpeed}`, hatched: true };
}
