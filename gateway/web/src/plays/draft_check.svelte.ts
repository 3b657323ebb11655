import { engines } from '../live/engines.svelte';
import { pageClock } from '../live/page_clock.svelte';
import { asFailure, type Failure } from '../wire/failure';
import { idOf, planRequest } from '../wire/plan';
import { send } from '../wire/request';
import type { Draft } from './play_draft';

const restMs = 600;

/** Codes that say nothing of the play. */
const ofTheWay = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNAUTHENTICATED', 'PERMISSION_DENIED'];

/** What the engine says of a draft while it is typed: it checks a plan's play before it folds anything. */
export class DraftCheck {
  /** True once the newest draft was found to fit. */
  fits = $state(false);
  /** What does not fit; null while that is not known. */
  failure = $state.raw<Failure | null>(null);
  /** True when the engine could not be asked. */
  readonly isUnknown: boolean = $derived(this.failure !== null && ofTheWay.includes(this.failure.code));
  #timer: ReturnType<typeof setTimeout> | undefined;
  #newest = 0;
  #asking: Promise<void> = Promise.resolve();
  #held = false;
  #waiting: Draft | null = null;

  /** Takes note of a draft, which is checked when nothing was typed for a moment. */
  typed(draft: Draft): void {
    this.stop();
    this.fits = false;
    if (this.#held) this.#waiting = draft;
    else this.#timer = setTimeout(() => (this.#asking = this.#check(draft)), restMs);
  }

  /** Checks no more what was typed. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#newest += 1;
  }

  /** Does this while no check is under way: the engine makes one plan at a time. What is typed meanwhile is checked after it. */
  async alone(draft: Draft, work: () => Promise<void>): Promise<void> {
    const unchecked = !this.fits;
    this.#held = true;
    clearTimeout(this.#timer);
    await this.#asking;
    if (unchecked && !this.fits) this.#waiting ??= draft;
    await work();
    this.#held = false;
    if (this.#waiting) this.typed(this.#waiting);
  }

  async #check(draft: Draft): Promise<void> {
    const turn = this.#newest;
    const failure = await refusal(draft);
    if (turn !== this.#newest) return;
    this.failure = failure;
    this.fits = failure === null;
  }
}

async function refusal(draft: Draft): Promise<Failure | null> {
  const at = engines.market.value?.headEventTime ?? pageClock.serverNow();
  try {
    await send('POST', `/plays/${encodeURIComponent(idOf(draft))}/plan`, planRequest(draft, at, at + 1));
    return null;
  } catch (thrown) {
    const failure = asFailure(thrown);
    // Beside somebody else's plan it is turned away only after the play was found to fit.
    return failure.code === 'RESOURCE_EXHAUSTED' ? null : failure;
  }
}
