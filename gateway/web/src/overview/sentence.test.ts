import { describe, expect, it } from 'vitest';
import { gateValue } from '../decisions/gate';
import { readAccount } from '../wire/account';
import { readFunnel } from '../wire/decision';
import { accountSentence, funnelSentence, listedCandidates, worstGate } from './sentence';

const funnel = readFunnel({
  candidates: '624', entered: '0',
  steps: [
    { gate: 'GATE_WALLET_LISTED', reached: '624', failed: '308' },
    { gate: 'GATE_BUNDLE', reached: '316', failed: '300', medianMeasured: 1, threshold: 3, unit: 'wallets' },
    { gate: 'GATE_TIMING', reached: '16', failed: '16', unit: 'percent' },
  ],
});

describe('accountSentence', () => {
  it('says the day with what is open, and the whole', () => {
    const account = readAccount({ account: { startUsd: 1000, equityUsd: 987.5, dayProfitUsd: 2, unrealisedUsd: 1.25, openPositions: 1 } });
    expect(accountSentence(account)).toBe('Up 3.25 USD today and down 12.50 USD since the start; 1 position open.');
    expect(accountSentence(readAccount({ account: { startUsd: 5, equityUsd: 5 } }))).toBe('Unchanged today and unchanged since the start; 0 positions open.');
  });
});

describe('funnelSentence', () => {
  it('names the gate after the list that refused most, with its median and limit', () => {
    expect(worstGate(funnel)?.gate).toBe('BUNDLE');
    expect(listedCandidates(funnel)).toBe(316);
    expect(funnelSentence(funnel, 'in the last hour')).toBe(
      'No trade in the last hour: 300 of 316 failed ‘bundle’; median 1 wallets, limit 3 wallets.',
    );
  });

  it('names the list when nothing got past it, and says when there was nothing', () => {
    expect(worstGate(readFunnel({ steps: [{ gate: 'GATE_WALLET_LISTED', reached: '3', failed: '3' }] }))?.gate).toBe('WALLET_LISTED');
    expect(funnelSentence(readFunnel({}), 'in the last hour')).toMatch(/^No candidate in the last hour/);
    expect(funnelSentence(readFunnel({ candidates: 2, entered: 2 }), 'today')).toBe('2 of 2 candidates entered today; no gate refused any.');
  });
});

describe('gateValue', () => {
  it('carries the unit', () => {
    expect(gateValue(0.05, 'percent')).toBe('0.050\u202F%');
    expect(gateValue(5298.56468, 'USD')).toBe('5,298.56 USD');
    expect(gateValue(3, 'wallets')).toBe('3 wallets');
    expect(gateValue(1.791, 's')).toBe('1.8 s');
    expect(gateValue(null, 's')).toBe('');
  });
});
