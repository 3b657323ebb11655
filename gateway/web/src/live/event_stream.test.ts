import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStream, type StreamReport } from './event_stream';

interface Call {
  readonly headers: Record<string, string>;
}

function setup(answers: (string | number)[], resumes = true) {
  const calls: Call[] = [];
  const reports: StreamReport[] = [];
  const messages: string[] = [];
  let lost = 0;
  const request = (async (_path: string, init: RequestInit) => {
    calls.push({ headers: init.headers as Record<string, string> });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('refused');
    return typeof answer === 'number' ? new Response('', { status: answer }) : new Response(answer);
  }) as typeof fetch;
  const stream = new EventStream({
    path: '/stream/prices',
    resumes,
    fetch: request,
    random: () => 0,
    onMessage: (data) => messages.push(data),
    onReport: (report) => reports.push(report),
    onPositionLost: () => (lost += 1),
  });
  return { stream, calls, reports, messages, lost: () => lost };
}

describe('EventStream', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('resumes after the last id it saw', async () => {
    const { stream, calls, messages } = setup(['id: 41\ndata: a\n\n', 'id: 42\ndata: b\n\n']);
    stream.open();
    await vi.advanceTimersByTimeAsync(300);
    expect(messages).toEqual(['a', 'b']);
    expect(calls[0]?.headers['last-event-id']).toBeUndefined();
    expect(calls[1]?.headers['last-event-id']).toBe('41');
    stream.forget();
  });

  it('waits longer after each failure and says when it tries again', async () => {
    const { stream, reports } = setup([503, 503, 503]);
    stream.open();
    await vi.advanceTimersByTimeAsync(800);
    const waits = reports.filter((report) => report.phase === 'waiting');
    expect(waits.map((report) => report.retryInMs)).toEqual([250, 500, 1000]);
    expect(waits.map((report) => report.attempt)).toEqual([1, 2, 3]);
    stream.forget();
  });

  it('begins at the present when its position is gone, and says so', async () => {
    const gone = 'event: error\ndata: {"code":11,"message":"oldest is 90"}\n\n';
    const { stream, calls, lost } = setup([`id: 41\ndata: a\n\n${gone}`, 'data: b\n\n']);
    stream.open();
    await vi.advanceTimersByTimeAsync(300);
    expect(lost()).toBe(1);
    expect(calls[1]?.headers['last-event-id']).toBeUndefined();
    stream.forget();
  });

  it('never resumes a stream that cannot', async () => {
    const { stream, calls } = setup(['id: 41\ndata: a\n\n', 'data: b\n\n'], false);
    stream.open();
    await vi.advanceTimersByTimeAsync(300);
    expect(calls[1]?.headers['last-event-id']).toBeUndefined();
    stream.forget();
  });

  it('stays quiet while paused', async () => {
    const { stream, calls } = setup(['id: 41\ndata: a\n\n']);
    stream.open();
    await vi.advanceTimersByTimeAsync(0);
    stream.pause();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(1);
  });
});
