import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answerWith, desktopDark, desktopLight, openPage, overflow, phoneDark, phoneLight, picture, tabletLight, unexpected,
} from './browser.mjs';

const views = [desktopLight, desktopDark, tabletLight, phoneLight, phoneDark];

async function blank(view) {
  const opened = await openPage({ ...view, address: '/#feeds' });
  await opened.page.getByTestId('sentence').waitFor();
  return { ...opened, show: () => opened.page.evaluate(() => (location.hash = '#strategies')) };
}

/** A comparison that Binance leads, with too few trades. */
function led(comparison) {
  const exchanges = comparison.exchanges.map((each, index) => ({ ...each, trades: 9 - index, nTooSmall: true, stale: false }));
  return { ...comparison, exchanges, leader: 'binance', tie: false, leadPercentPoints: 0.38 };
}

/** A long position two percent above its entry, and a pause. */
function held(strategy) {
  const price = 100_000;
  const position = {
    direction: 'POSITION_SIDE_LONG', quantity: 0.03, entryPrice: price, openedAt: strategy.lastCandle.time, entryReason: 'SMA 7 crossed above SMA 25',
    stopPrice: price * 0.98, targetPrice: price * 1.06, bestPrice: price, worstPrice: price, notionalUsd: 3000, unrealisedUsd: 60,
  };
  const pause = { cause: 'losses in a row', since: strategy.lastCandle.time, until: strategy.lastCandle.time };
  return { ...strategy, state: 'STATE_HOLDING', idleReason: 'a position is open', position, pause };
}

const trade = {
  strategy: 'ma_rsi-binance-BTCUSDT-300', number: 1, direction: 'POSITION_SIDE_LONG', entryPrice: 100_000, exitPrice: 98_000, quantity: 0.03,
  notionalUsd: 3000, entryReason: 'SMA 7 crossed above SMA 25', exitReason: 'STOP_LOSS', grossUsd: -60, feesUsd: 5.94, profitUsd: -65.94,
  profitPercent: -2.198, bestPercent: 0.4, worstPercent: -2.1, decidedLate: true, openedAt: '2026-01-06T12:00:00Z', closedAt: '2026-01-06T14:30:00Z',
};

describe('Strategies page', () => {
  for (const view of views) {
    it(`shows both exchanges side by side, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#strategies' });
      await page.getByTestId('strategy').nth(1).waitFor();
      assert.equal(await page.getByTestId('strategy').count(), 2);
      await page.getByTestId('candles').nth(1).locator('svg').waitFor();
      await page.getByTestId('strategy-equity-chart').locator('svg').waitFor();
      await page.getByTestId('benchmark').getByText(/%|null/).first().waitFor();
      await page.getByTestId('verdict').waitFor();
      assert.match(await page.getByTestId('sentence').innerText(), /Binance|Bybit/);
      assert.match(await page.getByTestId('standing').first().innerText(), /Why it does not trade now|Why nothing is entered/);
      assert.match(await page.getByTestId('strategy').first().innerText(), /candle closed .*\d\d:\d\d:\d\d, .+ ago/);
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `strategies-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('is reached by keys, changes its window by key, and saves its trades', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#feeds' });
    await page.getByTestId('sentence').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByTestId('strategy').first().waitFor();
    await page.keyboard.press('2');
    await page.locator('.seg button[aria-pressed="true"]', { hasText: '7 d' }).waitFor();
    const download = page.waitForEvent('download');
    await page.keyboard.press('c');
    assert.equal((await download).suggestedFilename(), 'strategy-trades.csv');
    assert.deepEqual(faults, []);
    await close();
  });

  for (const view of [desktopLight, phoneDark]) {
    it(`tells an open position, a pause, a leader and a trade, ${view.name}`, async () => {
      const { page, faults, close, show } = await blank(view);
      await answerWith(page, '/strategies', (answer) => ({ ...answer, strategies: answer.strategies.map((each, index) => (index === 0 ? held(each) : each)) }));
      await answerWith(page, '/strategy_trades', () => ({ trades: [trade], count: 1, nextPageToken: '' }));
      await answerWith(page, '/stats/comparison', led);
      await show();
      const first = page.getByTestId('strategy').first();
      await first.getByTestId('stop').waitFor();
      // The mark is 102,000: 98,000 is 3.92 % under it.
      assert.match(await first.getByTestId('stop').innerText(), /98,000\.0\s+3\.92\s%\saway/);
      assert.match(await first.innerText(), /106,000\.0\s+3\.92\s%\saway/);
      assert.match(await first.innerText(), /long since .* at 100,000\.0, now \+2\.00\s%/);
      assert.match(await first.innerText(), /losses in a row, until/);
      await page.getByText('Binance leads Bybit by 0.38 percentage points. With 9 and 8 trades this is too few to call.').first().waitFor();
      const row = page.getByTestId('strategy-trade');
      assert.match(await row.innerText(), /late[\s\S]*Binance[\s\S]*stop loss[\s\S]*−2\.20\s%/);
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `strategies-held-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('resumes what is paused, with a reason, and says what it was', async () => {
    const { page, faults, close, show } = await blank(desktopLight);
    let asked = null;
    await page.route((url) => url.pathname.endsWith('/resume'), async (route) => {
      asked = { path: new URL(route.request().url()).pathname, body: route.request().postDataJSON() };
      await route.fulfill({ json: { strategy: {} } });
    });
    await answerWith(page, '/strategies', (answer) => ({
      ...answer, strategies: answer.strategies.map((each, index) => (index === 0 && asked === null ? held(each) : { ...each, pause: undefined })),
    }));
    await show();
    await page.getByTestId('resume-strategy').click();
    assert.equal(await page.getByTestId('resume-strategy').count(), 1);
    await page.getByText(/It is paused because of losses in a row, until .* UTC\. Then it may enter again at once\./).waitFor();
    await page.locator('dialog[open]').getByTestId('reason').fill('looked at');
    await page.locator('dialog[open]').getByTestId('really').click();
    await page.getByTestId('resume-strategy').waitFor({ state: 'detached' });
    assert.match(asked.path, /^\/strategies\/.+\/resume$/);
    assert.deepEqual(asked.body, { reason: 'looked at' });
    assert.deepEqual(faults, []);
    await close();
  });

  it('says the engine’s words when it cannot be resumed', async () => {
    const { page, faults, close, show } = await blank(desktopLight);
    await answerWith(page, '/strategies', (answer) => ({ ...answer, strategies: answer.strategies.map(held) }));
    await show();
    await page.getByTestId('resume-strategy').first().click();
    await page.locator('dialog[open]').getByTestId('really').click();
    await page.getByTestId('confirm-refused').getByText(/not paused/).waitFor();
    assert.deepEqual(unexpected(faults, [400]), []);
    await close();
  });

  it('says what to do when none is configured, and when the engine does not answer', async () => {
    const { page, close, show } = await blank(desktopLight);
    await page.route((url) => url.pathname === '/strategies', (route) => route.fulfill({ json: { strategies: [], count: 0 } }));
    await show();
    await page.getByTestId('no-strategies').getByText('[[strategies]]').waitFor();
    await page.unrouteAll();
    await page.route((url) => url.pathname === '/strategies', (route) =>
      route.fulfill({ status: 503, json: { code: 14, message: 'the trading-engine cannot be reached' } }),
    );
    await page.reload();
    await page.getByTestId('failed').getByText('the trading-engine cannot be reached').waitFor();
    assert.match(await page.getByTestId('sentence').innerText(), /does not answer/);
    await close();
  });
});
