import { clockTime, duration } from '../format/time';
import { access } from '../wire/access.svelte';
import { EventStream, type StreamReport } from './event_stream';
import { notices } from './notices.svelte';
import { pageClock } from './page_clock.svelte';

const forgetAfterMs = 60_000;

/** What the owner of a connection does with it. */
export interface ConnectionOptions {
  /** In a sentence: "Stream", "Cycle stream". */
  readonly name: string;
  /** False when the stream always begins at the present, so that a loss means a hole. */
  readonly resumes: boolean;
  onMessage(data: string): void;
  /** Called at the first opening and whenever events may have been missed: fetch what is shown. */
  onFresh(): void;
}

const connections: Connection[] = [];

/** The first connection that is lost, undefined while all are well. */
export function lostConnection(): Connection | undefined {
  return connections.find((connection) => connection.lostAt !== null);
}

/** Tries every connection that waits again at once. */
export function retryAll(): void {
  for (const connection of connections) connection.retryNow();
}

/** One event stream as the page shows it: since when it is lost, and when it is tried again. */
export class Connection {
  readonly name: string;
  /** When it was lost, by the server's clock; null while it is open or has not yet been tried. */
  lostAt = $state<number | null>(null);
  /** The next attempt's number. */
  attempt = $state(0);
  /** When the next attempt is made, by the server's clock; null while one is under way. */
  retryAt = $state<number | null>(null);
  /** Why it was lost, in the server's words. */
  reason = $state('');
  #stream: EventStream | null = null;
  #hiddenAt = 0;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.name = options.name;
    connections.push(this);
  }

  /** Streams from this path until the returned function is called; nothing while the page is hidden. */
  follow(path: string): () => void {
    const stream = new EventStream({
      path,
      resumes: this.#options.resumes,
      fetch: access.fetch,
      onMessage: (data) => this.#options.onMessage(data),
      onReport: (report) => this.#take(report),
      onPositionLost: () => this.#options.onFresh(),
    });
    this.#stream = stream;
    const turn = (): void => this.#turn(stream);
    document.addEventListener('visibilitychange', turn);
    this.#options.onFresh();
    if (!document.hidden) stream.open();
    return () => {
      document.removeEventListener('visibilitychange', turn);
      stream.forget();
      if (this.#stream === stream) this.#clear();
    };
  }

  /** Tries again at once. */
  retryNow(): void {
    this.#stream?.retryNow();
  }

  #turn(stream: EventStream): void {
    if (document.hidden) {
      this.#hiddenAt = performance.now();
      stream.pause();
      return;
    }
    if (!this.#options.resumes || performance.now() - this.#hiddenAt > forgetAfterMs) {
      stream.forget();
      this.#options.onFresh();
    }
    stream.open();
  }

  #take(report: StreamReport): void {
    this.attempt = report.attempt;
    if (report.phase === 'paused') this.#clear();
    this.retryAt = report.phase === 'waiting' ? pageClock.serverNow() + report.retryInMs : null;
    if (report.phase === 'waiting') {
      this.lostAt ??= pageClock.serverNow();
      this.reason = report.failure?.message ?? '';
    }
    if (report.phase === 'open' && this.lostAt !== null) this.#back(report);
  }

  #back(report: StreamReport): void {
    const missing = duration(pageClock.serverNow() - (this.lostAt ?? 0));
    const seam = report.lastId === '' ? '' : `, resumed after event ${Number(report.lastId).toLocaleString('en-US')}`;
    notices.say(`${this.name} back ${clockTime(pageClock.serverNow())} after ${missing}${seam}.`);
    if (report.lastId === '') this.#options.onFresh();
    this.#clear();
  }

  #clear(): void {
    this.lostAt = null;
    this.retryAt = null;
    this.reason = '';
  }
}
