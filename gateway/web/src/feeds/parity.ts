import { integer } from '../format/number';
import type { Parity } from '../wire/status';

/** How the nightly replay went: a word, and what is behind it. */
export interface ParityVerdict {
  readonly word: string;
  readonly detail: string;
  /** It came out the same. */
  readonly fine: boolean;
}

/** What the comparison of a day with its replay says. */
export function parityVerdict(parity: Parity | null): ParityVerdict {
  if (parity === null) return { word: 'not yet', detail: 'after the first full UTC day', fine: true };
  if (parity.state === 'MATCH') return { word: 'MATCH', detail: `${parity.day}, ${integer(parity.decisions)} decisions over ${integer(parity.events)} events`, fine: true };
  if (parity.state === 'DIFFER') {
    const first = parity.firstDifference === '' ? parity.reason : `first: ${parity.firstDifference}`;
    return { word: 'DIFFER', detail: `${parity.day}, ${integer(parity.differences)} of ${integer(parity.decisions)} decisions; ${first}`, fine: false };
  }
  return { word: 'not possible', detail: `${parity.day}: ${parity.reason}`, fine: false };
}
