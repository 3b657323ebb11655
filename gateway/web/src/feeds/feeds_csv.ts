import { instantCell, type CsvTable } from '../table/csv';
import type { Feed } from '../wire/feed';

/** The feeds as a table. */
export function feedsCsv(feeds: readonly Feed[]): CsvTable {
  return {
    name: 'feeds',
    columns: ['name', 'state', 'reason', 'source', 'last_event_time', 'age_ms', 'stale_after_ms', 'lag_ms', 'accepted', 'duplicate', 'late', 'rejected'],
    rows: feeds.map((feed) => [
      feed.name, feed.state, feed.reason, feed.source, instantCell(feed.lastEventTime), feed.ageMs, feed.staleAfterMs,
      feed.lagMs, feed.accepted, feed.duplicate, feed.late, feed.rejected,
    ]),
  };
}
