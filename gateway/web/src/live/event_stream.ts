import { asFailure, Failure, failureIn } from '../wire/failure';
import { retryDelay } from './backoff';
import { SseParser, type SseMessage } from './sse_parser';

/** Where a stream stands. "paused" is by our own will, "waiting" is between two attempts. */
export type StreamPhase = 'paused' | 'connecting' | 'open' | 'waiting';

/** What a stream says about itself at each change. */
export interface StreamReport {
  readonly phase: StreamPhase;
  /** Failures since the stream last delivered, which is also the number of the next retry. */
  readonly attempt: number;
  /** Milliseconds until the next attempt, while waiting. */
  readonly retryInMs: number;
  /** The position that it resumes after; "" for the present. */
  readonly lastId: string;
  readonly failure: Failure | null;
}

/** What a stream needs from its owner. */
export interface StreamOptions {
  readonly path: string;
  /** False when the server cannot resume this stream: it always begins at the present. */
  readonly resumes?: boolean;
  onMessage(data: string): void;
  onReport(report: StreamReport): void;
  /** The server no longer has the position: whatever was shown must be fetched anew. */
  onPositionLost(): void;
  readonly fetch?: typeof fetch;
  readonly random?: () => number;
}

const silenceMs = 45_000;
const lostPosition = new Set(['OUT_OF_RANGE', 'INVALID_ARGUMENT']);

/** A server-sent event stream that reconnects with jittered back-off and resumes after the last id it saw. */
export class EventStream {
  readonly #options: StreamOptions;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lastId = '';

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Connects, unless it is connected or waiting already. */
  open(): void {
    if (this.#abort === null && this.#timer === undefined) void this.#connect();
  }

  /** Disconnects and keeps the position, so that `open` resumes without a seam. */
  pause(): void {
    this.#stop();
    this.#attempt = 0;
    this.#report('paused', null);
  }

  /** Disconnects; the next `open` begins at the present. */
  forget(): void {
    this.#stop();
    this.#attempt = 0;
    this.#lastId = '';
  }

  /** Ends a wait. */
  retryNow(): void {
    if (this.#timer === undefined) return;
    this.#stop();
    void this.#connect();
  }

  async #connect(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#report('connecting', null);
    let failure: Failure;
    try {
      failure = await this.#read(abort);
    } catch (thrown) {
      failure = asFailure(thrown);
    }
    if (this.#abort !== abort) return;
    abort.abort();
    this.#abort = null;
    if (this.#lastId !== '' && lostPosition.has(failure.code)) {
      this.#lastId = '';
      this.#options.onPositionLost();
    }
    this.#wait(failure);
  }

  async #read(abort: AbortController): Promise<Failure> {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.#lastId !== '') headers['last-event-id'] = this.#lastId;
    const request = this.#options.fetch ?? fetch;
    const response = await request(this.#options.path, { headers, signal: abort.signal, cache: 'no-store' });
    if (!response.ok || !response.body) {
      return failureIn(await response.text(), new Failure(`HTTP ${response.status}`, 'The stream was refused.'));
    }
    this.#report('open', null);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    try {
      for (;;) {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), silenceMs);
        const { done, value } = await reader.read();
        if (done || this.#abort !== abort) return new Failure('UNAVAILABLE', 'The stream ended.');
        for (const message of parser.push(value)) {
          const failure = this.#accept(message);
          if (failure) return failure;
        }
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  #accept(message: SseMessage): Failure | null {
    if (message.event === 'error') return failureIn(message.data, new Failure('UNKNOWN', 'The stream ended.'));
    if (message.id !== '' && this.#options.resumes !== false) this.#lastId = message.id;
    this.#attempt = 0;
    this.#options.onMessage(message.data);
    return null;
  }

  #wait(failure: Failure): void {
    this.#attempt += 1;
    const delay = retryDelay(this.#attempt, (this.#options.random ?? Math.random)());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#connect();
    }, delay);
    this.#report('waiting', failure, delay);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const abort = this.#abort;
    this.#abort = null;
    abort?.abort();
  }

  #report(phase: StreamPhase, failure: Failure | null, retryInMs = 0): void {
    this.#options.onReport({ phase, attempt: this.#attempt, retryInMs, lastId: this.#lastId, failure });
  }
}
