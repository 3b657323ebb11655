import type { Mode } from '../wire/status';

const repaintMs = 500;

/**
 * The time that ages are measured against: the server's clock, or in replay the newest event's time.
 * It stands still while the page is hidden or held.
 */
class PageClock {
  /** The server's clock in milliseconds; null until it is known. */
  server = $state<number | null>(null);
  /** What ages are measured against; null until it is known. */
  reference = $state<number | null>(null);
  /** Where the events come from. */
  mode = $state<Mode>('UNSPECIFIED');
  /** When the page was held; null while it follows. */
  heldAt = $state<number | null>(null);
  #offset: number | null = null;
  #newestEvent = 0;
  #startedAt: number | null = null;

  /** Takes over the server's clock and mode from a status answer. */
  observe(now: number | null, headEventTime: number | null, mode: Mode, startedAt: number | null): void {
    if (now !== null) this.#offset = now - performance.now();
    if (mode !== this.mode || startedAt !== this.#startedAt) this.#newestEvent = 0;
    this.mode = mode;
    this.#startedAt = startedAt;
    if (headEventTime !== null) this.saw(headEventTime);
    this.#repaint();
  }

  /** Takes note of an event's time. */
  saw(eventTime: number): void {
    if (eventTime > this.#newestEvent) this.#newestEvent = eventTime;
  }

  /** How old an instant is, null while the clock is not known. */
  age(instant: number | null): number | null {
    return instant === null || this.reference === null ? null : Math.max(0, this.reference - instant);
  }

  /** The server's clock at this very moment. */
  serverNow(): number {
    return this.#offset === null ? Date.now() : performance.now() + this.#offset;
  }

  /** Holds the page as it stands, or lets it follow again. */
  toggleHold(): void {
    this.heldAt = this.heldAt === null ? (this.reference ?? this.serverNow()) : null;
  }

  /** Counts ages up until the returned function is called. */
  run(): () => void {
    const timer = setInterval(() => {
      if (!document.hidden) this.#repaint();
    }, repaintMs);
    return () => clearInterval(timer);
  }

  #repaint(): void {
    if (this.#offset === null || this.heldAt !== null) return;
    this.server = this.serverNow();
    this.reference = this.mode === 'REPLAY' && this.#newestEvent > 0 ? this.#newestEvent : this.server;
  }
}

/** The page's one clock. */
export const pageClock = new PageClock();
