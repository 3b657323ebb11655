import { integer, percent, signed } from '../format/number';
import { instantCell, type CsvTable } from '../table/csv';
import type { RankedWallet, Ranking } from '../wire/ranking';

/** The ends of a scale that shows these intervals; beyond what nine in ten of them reach they are cut. */
export function commonScale(ends: readonly number[], line: number): { readonly from: number; readonly to: number } {
  const reaches = ends.map((end) => Math.abs(end - line)).sort((left, right) => left - right);
  const reach = reaches[Math.floor((reaches.length - 1) * 0.9)] ?? 0;
  const room = Math.max(reach * 1.1, 1e-3);
  return { from: line - room, to: line + room };
}

/** True when the interval of the shrunk gain lies above zero: costs are beaten at 95 % confidence. */
export function beatsCosts(wallet: RankedWallet): boolean {
  return !wallet.tooFew && (wallet.shrunkGainLowPercent ?? 0) > 0;
}

/** What the page's first sentence says. */
export function rankingSentence(ranking: Ranking): string {
  const ranked = ranking.wallets.filter((wallet) => !wallet.tooFew);
  if (ranking.wallets.length === 0) return 'No wallet has a finished buy yet: cycles have to end first.';
  if (ranked.length === 0) return `None of ${integer(ranking.walletsSeen)} wallets has enough buys to be ranked.`;
  const beat = ranked.filter(beatsCosts).length;
  const verb = beat > 1 ? 'beat their' : 'beats its';
  return `${beat === 0 ? 'None' : beat} of ${ranked.length} wallets with enough buys ${verb} costs at 95\u202F% confidence.`;
}

/** The point of the delay curve where a gain is last above zero, null when it never is. */
export function edgeGoneAfterSeconds(wallet: RankedWallet): number | null {
  const above = wallet.delays.filter((point) => (point.meanGainPercent ?? -1) > 0);
  return above.at(-1)?.delaySeconds ?? null;
}

/** What is worth saying about one wallet, in one sentence. */
export function walletSentence(wallet: RankedWallet): string {
  if (wallet.tooFew) return `${wallet.wins} of ${wallet.trades} won: too few to rank.`;
  const { shrunkGainPercent: mean, shrunkGainLowPercent: low, shrunkGainHighPercent: high } = wallet;
  if (mean === null || low === null || high === null) return 'Its gain cannot be computed yet.';
  const verdict = low > 0 ? 'Beats its costs' : high < 0 ? 'Loses after costs' : 'Could be luck';
  const gone = edgeGoneAfterSeconds(wallet);
  const late = gone === null ? 'No delay leaves a gain.' : `A gain is left up to ${gone} s late.`;
  return `${verdict}: ${signed(mean, 3)}\u202F% a buy (${signed(low, 3)} to ${signed(high, 3)}). ${late}`;
}

/** An interval in words: "57 % (25 to 84)". */
export function rateText(rate: number, low: number, high: number): string {
  return `${percent(rate * 100, 0)} (${integer(low * 100)} to ${integer(high * 100)})`;
}

/** The ranking as a table. */
export function rankingCsv(wallets: readonly RankedWallet[]): CsvTable {
  return {
    name: 'wallets',
    columns: [
      'wallet_address', 'trades', 'wins', 'win_rate', 'win_rate_low', 'win_rate_high', 'mean_gain_percent', 'shrunk_gain_percent',
      'shrunk_gain_low_percent', 'shrunk_gain_high_percent', 'mean_potential_percent', 'median_hold_to_best_ms', 'first_half_gain_percent',
      'second_half_gain_percent', 'invested_usd', 'last_seen', 'too_few',
    ],
    rows: wallets.map((wallet) => [
      wallet.wallet, wallet.trades, wallet.wins, wallet.winRate, wallet.winRateLow, wallet.winRateHigh, wallet.meanGainPercent,
      wallet.shrunkGainPercent, wallet.shrunkGainLowPercent, wallet.shrunkGainHighPercent, wallet.meanPotentialPercent,
      wallet.medianHoldToBestMs, wallet.firstHalfGainPercent, wallet.secondHalfGainPercent, wallet.investedUsd,
      instantCell(wallet.lastSeen), wallet.tooFew ? 'true' : 'false',
    ]),
  };
}
