import { count } from '../format/name';
import { fixed, integer } from '../format/number';
import type { Account } from '../wire/account';
import type { Funnel, FunnelStep } from '../wire/decision';
import { gateWords } from '../decisions/gate';

function moved(value: number): string {
  const way = value >= 0.005 ? 'Up' : value <= -0.005 ? 'Down' : '';
  return way === '' ? 'Unchanged' : `${way} ${fixed(Math.abs(value))} USD`;
}

/** The overview's first sentence: the day, and all of it. */
export function accountSentence(account: Account): string {
  const total = account.equityUsd - account.startUsd;
  const today = account.dayProfitUsd + account.unrealisedUsd;
  const open = `${count(account.openPositions, 'position')} open`;
  return `${moved(today)} today and ${moved(total).toLowerCase().replace('usd', 'USD')} since the start; ${open}.`;
}

/** The gate that stopped most of those that got past the wallet list; any gate when none did. */
export function worstGate(funnel: Funnel): FunnelStep | null {
  const most = (steps: readonly FunnelStep[]): FunnelStep | null =>
    steps.reduce<FunnelStep | null>((worst, step) => (step.failed > (worst?.failed ?? 0) ? step : worst), null);
  const listed = funnel.steps.findIndex((step) => step.gate === 'WALLET_LISTED');
  return most(funnel.steps.slice(listed + 1)) ?? most(funnel.steps);
}

/** How many candidates were buys of wallets on a list. */
export function listedCandidates(funnel: Funnel): number {
  const step = funnel.steps.find((each) => each.gate === 'WALLET_LISTED');
  return step ? step.reached - step.failed : funnel.candidates;
}

/** Why a play entered no more than it did, in one sentence. */
export function funnelSentence(funnel: Funnel, within: string): string {
  if (funnel.candidates === 0) return `No candidate ${within}: no wallet traded, or no play is there to judge it.`;
  const entered = funnel.entered === 0 ? `No trade ${within}` : `${integer(funnel.entered)} of ${integer(funnel.candidates)} candidates entered ${within}`;
  const worst = worstGate(funnel);
  if (!worst) return `${entered}; no gate refused any.`;
  const median = worst.medianMeasured === null ? '' : `; median ${measure(worst.medianMeasured, worst.unit)}`;
  const needed = worst.threshold === null ? '' : `, limit ${measure(worst.threshold, worst.unit)}`;
  return `${entered}: ${integer(worst.failed)} of ${integer(worst.reached)} failed ‘${gateWords(worst.gate)}’${median}${needed}.`;
}

function measure(value: number, unit: string): string {
  const text = Number.isInteger(value) ? integer(value) : fixed(value);
  return unit === 'percent' ? `${text}\u202F%` : unit === '' ? text : `${text} ${unit}`;
}
