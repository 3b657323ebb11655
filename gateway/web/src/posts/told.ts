import { count, words } from '../format/name';
import { clockTime, duration } from '../format/time';
import { instantCell, type CsvTable } from '../table/csv';
import type { Alert, AlertMessage, Post, PublisherStatus } from '../wire/post';

/** What leaves the machine, in one sentence. */
export function publisherSentence(status: PublisherStatus, now: number): string {
  if (status.stopped) {
    const since = status.stoppedSince === null ? '' : ` since ${clockTime(status.stoppedSince)} UTC`;
    const reason = status.stopReason === '' ? '' : `: ${status.stopReason}`;
    return `Nothing leaves the machine${since}${reason}.`;
  }
  if (status.dryRun) return 'No post is sent: without credentials for X they are composed and shown.';
  const sent = `${count(status.sentWithinDay, 'post')} sent in 24 h`;
  if (status.trouble !== '') return `${sent}; the oldest of ${status.waiting} that wait is kept back: ${status.trouble}.`;
  if (status.waiting === 0) return `${sent}; none waits.`;
  const wait = status.nextSlotAt === null ? 'now' : `in ${duration(status.nextSlotAt - now)}`;
  return `${sent}; ${status.waiting === 1 ? '1 waits and may go out' : `${status.waiting} wait, the next may go out`} ${wait}.`;
}

/** A post's state as a reader says it. */
export function stateWords(state: string): string {
  const said: Readonly<Record<string, string>> = { PREVIEW: 'preview, never sent', COMPOSED: 'waits', UNKNOWN: 'perhaps sent, being looked for' };
  return said[state] ?? words(state);
}

/** What became of an alert at a channel: "telegram sent", "mail failed after 5 attempts". */
export function messageWords(message: AlertMessage): string {
  const tries = message.state === 'FAILED' ? ` after ${count(message.attempts, 'attempt')}` : '';
  return `${message.channel} ${words(message.state)}${tries}${message.trouble === '' ? '' : `: ${message.trouble}`}`;
}

/** Where a part of a post is found on X. */
export function tweetAddress(tweetId: string): string {
  return `https://x.com/i/web/status/${encodeURIComponent(tweetId)}`;
}

/** The posts, a line each part. */
export function postsCsv(posts: readonly Post[]): CsvTable {
  return {
    name: 'posts',
    columns: ['id', 'kind', 'state', 'composed_at', 'sent_at', 'part', 'parts', 'text', 'weighted_length', 'part_state', 'tweet_id', 'trouble', 'worded_by_model'],
    rows: posts.flatMap((post) =>
      post.parts.map((part, index) => [
        post.id, post.kind, post.state, instantCell(post.composedAt), instantCell(post.sentAt), index + 1, post.parts.length, part.text,
        part.weightedLength, part.state, part.tweetId, post.trouble, post.wordedByModel ? 'true' : 'false',
      ]),
    ),
  };
}

/** The alerts, a line each. */
export function alertsCsv(alerts: readonly Alert[]): CsvTable {
  return {
    name: 'alerts',
    columns: ['id', 'severity', 'kind', 'raised_at', 'title', 'text', 'messages'],
    rows: alerts.map((alert) => [
      alert.id, alert.severity, alert.kind, instantCell(alert.raisedAt), alert.title, alert.text, alert.messages.map(messageWords).join('; '),
    ]),
  };
}
