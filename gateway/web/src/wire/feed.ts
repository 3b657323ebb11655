import { enumName, fieldsOf, instantOf, listOf, numberOf, optionalNumberOf, textOf } from './fields';

/** Whether a feed's data can be leaned on. */
export type FeedState = 'LIVE' | 'STALE' | 'SYNCING' | 'DOWN' | 'OFF';

/** How a feed is doing, as GET /feeds says. */
export interface Feed {
  readonly name: string;
  readonly state: FeedState;
  readonly reason: string;
  readonly source: string;
  readonly lastEventTime: number | null;
  readonly ageMs: number | null;
  readonly lagMs: number | null;
  readonly staleAfterMs: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly rejected: number;
}

/** The feeds of an answer that has a list under "feeds". */
export function readFeeds(json: unknown): Feed[] {
  return listOf(fieldsOf(json), 'feeds').map(readFeed);
}

function readFeed(json: unknown): Feed {
  const fields = fieldsOf(json);
  return {
    name: textOf(fields, 'name'),
    state: feedState(enumName(fields, 'state', 'STATE_')),
    reason: textOf(fields, 'reason'),
    source: enumName(fields, 'source', 'SOURCE_'),
    lastEventTime: instantOf(fields, 'lastEventTime'),
    ageMs: optionalNumberOf(fields, 'ageMs'),
    lagMs: optionalNumberOf(fields, 'lagMs'),
    staleAfterMs: numberOf(fields, 'staleAfterMs'),
    accepted: numberOf(fields, 'accepted'),
    duplicate: numberOf(fields, 'duplicate'),
    late: numberOf(fields, 'late'),
    rejected: numberOf(fields, 'rejected'),
  };
}

function feedState(name: string): FeedState {
  if (name === 'LIVE' || name === 'STALE' || name === 'DOWN' || name === 'OFF') return name;
  return 'SYNCING';
}
