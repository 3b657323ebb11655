import { describe, expect, it } from 'vitest';
import { readRanking } from '../wire/ranking';
import { commonScale, edgeGoneAfterSeconds, rankingCsv, rankingSentence, rateText, walletSentence } from './ranking_view';

const ranking = readRanking({
  walletsSeen: '341',
  wallets: [
    {
      walletAddress: 'good', trades: 40, wins: 30, shrunkGainPercent: 0.1, shrunkGainLowPercent: 0.05, shrunkGainHighPercent: 0.15,
      delays: [{ delaySeconds: 0, meanGainPercent: 0.1 }, { delaySeconds: 5, meanGainPercent: 0.01 }, { delaySeconds: 10, meanGainPercent: -0.2 }],
    },
    { walletAddress: 'lucky', trades: 40, wins: 22, shrunkGainPercent: 0.01, shrunkGainLowPercent: -0.05, shrunkGainHighPercent: 0.07 },
    { walletAddress: 'few', trades: 9, wins: 8, tooFew: true },
  ],
});
const [good, lucky, few] = ranking.wallets;

describe('rankingSentence', () => {
  it('counts those clear of their costs among those with enough buys', () => {
    expect(rankingSentence(ranking)).toBe('1 of 2 wallets with enough buys beats its costs at 95\u202F% confidence.');
    expect(rankingSentence({ ...ranking, wallets: [few!] })).toBe('None of 341 wallets has enough buys to be ranked.');
    expect(rankingSentence(readRanking({}))).toMatch(/^No wallet/);
  });
});

describe('walletSentence', () => {
  it('says what is clear, what could be luck, and what is too few', () => {
    expect(walletSentence(good!)).toBe('Beats its costs: +0.100\u202F% a buy (+0.050 to +0.150). A gain is left up to 5 s late.');
    expect(walletSentence(lucky!)).toMatch(/^Could be luck: .* No delay leaves a gain\.$/);
    expect(walletSentence(few!)).toBe('8 of 9 won: too few to rank.');
    expect(edgeGoneAfterSeconds(lucky!)).toBeNull();
  });
});

describe('the table', () => {
  it('has a cell for every column and a scale around its line', () => {
    const csv = rankingCsv(ranking.wallets);
    expect(csv.rows.every((row) => row.length === csv.columns.length)).toBe(true);
    expect(commonScale([-0.1, 0.1], 0)).toEqual({ from: expect.closeTo(-0.11), to: expect.closeTo(0.11) });
    expect(commonScale([], 50).to).toBeGreaterThan(50);
    expect(rateText(0.571, 0.25, 0.84)).toBe('57\u202F% (25 to 84)');
  });
});
