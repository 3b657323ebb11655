import { pageClock } from './page_clock.svelte';

const repaintMs = 250;

/** Calls `paint` at most four times a second after `due` was called, never while the page is hidden or held. */
export class Repaint {
  #due = false;
  readonly #paint: () => void;

  constructor(paint: () => void) {
    this.#paint = paint;
  }

  /** There is something new to show. */
  due(): void {
    this.#due = true;
  }

  /** Paints what is due until the returned function is called. */
  run(): () => void {
    const timer = setInterval(() => {
      if (!this.#due || document.hidden || pageClock.heldAt !== null) return;
      this.#due = false;
      this.#paint();
    }, repaintMs);
    return () => clearInterval(timer);
  }
}
