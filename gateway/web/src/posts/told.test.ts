import { describe, expect, it } from 'vitest';
import { readAlerts, readPosts, readPublisherStatus } from '../wire/post';
import { alertsCsv, messageWords, postsCsv, publisherSentence, stateWords } from './told';

const now = Date.UTC(2026, 0, 6, 14, 32, 7);
const said = (json: object): string => publisherSentence(readPublisherStatus(json), now);

describe('publisherSentence', () => {
  it('says first that everything is stopped, since when and why', () => {
    const outbound = { stopped: true, stoppedSince: '2026-01-06T14:31:26Z', reason: 'holiday' };
    expect(said({ outbound, dryRun: true })).toBe('Nothing leaves the machine since 14:31:26 UTC: holiday.');
    expect(said({ outbound: { stopped: true, reason: 'publisher.outbound is false in the settings' } })).toBe(
      'Nothing leaves the machine: publisher.outbound is false in the settings.',
    );
  });

  it('says that nothing is sent without credentials', () => {
    expect(said({ outbound: {}, dryRun: true })).toBe('No post is sent: without credentials for X they are composed and shown.');
  });

  it('says when the next goes out, or what keeps it', () => {
    expect(said({ sentWithinDay: 12 })).toBe('12 posts sent in 24 h; none waits.');
    expect(said({ sentWithinDay: 1, waiting: 1 })).toBe('1 post sent in 24 h; 1 waits and may go out now.');
    expect(said({ waiting: 3, nextSlotAt: '2026-01-06T14:36:07Z' })).toBe('0 posts sent in 24 h; 3 wait, the next may go out in 4 min.');
    expect(said({ waiting: 3, trouble: 'the limit of X is reached' })).toBe(
      '0 posts sent in 24 h; the oldest of 3 that wait is kept back: the limit of X is reached.',
    );
  });
});

describe('a thread', () => {
  const { posts, nextPageToken } = readPosts({
    posts: [
      {
        id: 'trade_result/7', kind: 'trade_result', state: 'STATE_UNKNOWN', composedAt: '2026-01-06T14:30:00Z', trouble: 'no answer',
        parts: [
          { text: 'One, "two"', weightedLength: 10, state: 'STATE_SENT', tweetId: '99' },
          { text: 'three', weightedLength: 5, state: 'STATE_COMPOSED' },
        ],
      },
    ],
    nextPageToken: '41',
  });

  it('is read with its parts and the way to what is older', () => {
    expect(nextPageToken).toBe('41');
    expect(posts[0]?.parts.map((part) => [part.state, part.tweetId, part.weightedLength])).toEqual([['SENT', '99', 10], ['COMPOSED', '', 5]]);
    expect(stateWords(posts[0]?.state ?? '')).toBe('perhaps sent, being looked for');
    expect(stateWords('REFUSED')).toBe('refused');
  });

  it('has a line each part in the table', () => {
    expect(postsCsv(posts).rows.map((row) => [row[5], row[6], row[7], row[11]])).toEqual([[1, 2, 'One, "two"', 'no answer'], [2, 2, 'three', 'no answer']]);
  });
});

describe('an alert', () => {
  const alerts = readAlerts({
    alerts: [
      {
        id: 'feed/prices', severity: 'SEVERITY_WARNING', kind: 'feed', title: 'prices is stale', text: '41 s without data',
        messages: [
          { channel: 'telegram', state: 'STATE_SENT', attempts: 1 },
          { channel: 'mail', state: 'STATE_FAILED', attempts: 5, trouble: 'connection refused' },
        ],
      },
    ],
  });

  it('says what became of it at each channel', () => {
    expect(alerts[0]?.messages.map(messageWords)).toEqual(['telegram sent', 'mail failed after 5 attempts: connection refused']);
    expect(alertsCsv(alerts).rows[0]?.at(-1)).toBe('telegram sent; mail failed after 5 attempts: connection refused');
  });
});
