import { capital, words } from '../format/name';
import { fixed, integer, percent } from '../format/number';
import type { GateAttribution } from '../wire/attribution';
import type { Evaluation } from '../wire/decision';

const rules: Readonly<Record<string, string>> = {
  TRADING_ON: 'trading is not paused',
  PLAY_ACTIVE: 'the play is active',
  FEED_QUALITY: 'price and book fresh',
  WALLET_LISTED: 'on the play’s list',
  TRADE_FRESH: 'the trade is young enough',
  TRADE_SIZE: 'a size the play follows',
  NOT_SEEN: 'a new signature',
  PERP_MODE: 'the wallet’s perpetual side',
  BUNDLE: 'enough wallets together',
  TIMING: 'the price has moved',
  ONE_PER_CYCLE: 'wallet not yet followed in this cycle',
  MAX_PER_CYCLE: 'positions in this cycle',
  MAX_OPEN: 'positions open',
  MAX_EXPOSURE: 'money in positions',
  DAILY_LOSS: 'the day’s loss',
  COOLDOWN: 'time since the last exit',
  CASH: 'the account can pay',
  VALIDATOR: 'the filters pass',
};

/** A gate in words: "one per cycle". */
export function gateWords(gate: string): string {
  return words(gate);
}

/** A gate as a heading: "One per cycle". */
export function gateTitle(gate: string): string {
  return capital(words(gate));
}

/** What a gate asks, in a few words. */
export function gateRule(gate: string): string {
  return rules[gate] ?? '';
}

/** A measured value or a threshold with its unit; "" when there is none. */
export function gateValue(value: number | null, unit: string): string {
  if (value === null) return '';
  if (unit === 'percent') return `${fixed(value, Math.abs(value) < 0.1 ? 3 : 2)}\u202F%`;
  const text = unit === 'USD' ? fixed(value) : Number.isInteger(value) ? integer(value) : fixed(value, 1);
  return unit === '' ? text : `${text} ${unit}`;
}

/** What is to be said of a gate: its measured value, else its note, else that it passed or failed. */
export function gateFinding(evaluation: Evaluation): string {
  const measured = gateValue(evaluation.measured, evaluation.unit);
  return measured || evaluation.note || (evaluation.passed ? 'passed' : 'failed');
}

/** What the shadows of a gate say: that it saved or cost so much a trade, or that it is not clear. */
export function verdictWords(attribution: GateAttribution): string {
  const { difference, shadows, verdict } = attribution;
  if (shadows === 0) return 'none complete';
  if (!difference || verdict === 'OPEN') return 'unclear';
  return `${verdict === 'SAVED' ? 'saved' : 'cost'} ${percent(Math.abs(difference.meanPercent))}`;
}
