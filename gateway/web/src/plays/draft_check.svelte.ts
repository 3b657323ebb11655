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

  /** Takes note of a draft, which is checked when nothing was typed for a moment. */
  typed(draft: Draft): void {
    this.stop();
    this.fits = false;
    this.#timer = setTimeout(() => void this.#check(draft), restMs);
  }

  /** Checks no more what was typed. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#newest += 1;
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
    // A plan that is under way is only refused after the play was found to fit.
    return failure.code === 'RESOURCE_EXHAUSTED' ? null : failure;
  }
}
