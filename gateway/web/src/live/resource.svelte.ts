import { asFailure, type Failure } from '../wire/failure';
import { pageClock } from './page_clock.svelte';

/** An answer of the gateway that is fetched again and again: its value, and why there is none. */
export class Resource<Value> {
  /** The last good answer; undefined before the first. */
  value = $state.raw<Value | undefined>();
  /** Why the last request failed; undefined when it did not. */
  failure = $state.raw<Failure | undefined>();
  readonly #load: () => Promise<Value>;
  #running: Promise<void> | null = null;

  constructor(load: () => Promise<Value>) {
    this.#load = load;
  }

  /** Fetches once; requests never overlap. */
  refresh(): Promise<void> {
    this.#running ??= this.#fetch().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Fetches at once and then at this interval, except while the page is hidden or held. */
  poll(intervalMs: number): () => void {
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    const turn = async (): Promise<void> => {
      if (!document.hidden && pageClock.heldAt === null) await this.refresh();
      if (!stopped) timer = setTimeout(turn, intervalMs);
    };
    void turn();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async #fetch(): Promise<void> {
    try {
      this.value = await this.#load();
      this.failure = undefined;
    } catch (thrown) {
      this.failure = asFailure(thrown);
    }
  }
}
