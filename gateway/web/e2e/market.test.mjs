import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answerWith, desktopDark, desktopLight, gateway, openPage, overflow, phoneDark, phoneLight, picture, tabletLight,
} from './browser.mjs';

const views = [desktopLight, desktopDark, tabletLight, phoneLight, phoneDark];

describe('Market page', () => {
  for (const view of views) {
    it(`shows the market, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#market' });
      await page.getByTestId('mode-tag').waitFor();
      assert.match(await page.getByTestId('mode-tag').innerText(), /^(SIMULATED|REPLAY.*|LIVE)$/);
      await page.getByTestId('active-cycle').nth(6).waitFor();
      assert.equal(await page.getByTestId('active-cycle').count(), 7);
      assert.match(await page.getByTestId('sentence').innerText(), /^SOL [\d,.]+ USD/);
      assert.equal(await page.locator('html').getAttribute('data-theme'), view.theme);
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `market-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('moves with the ticks', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#market' });
    const chart = page.getByTestId('price-chart');
    const ticks = async () => Number(await chart.getAttribute('data-ticks'));
    await page.waitForFunction(() => Number(document.querySelector('[data-testid="price-chart"]')?.getAttribute('data-generation')) > 0);
    const first = await ticks();
    await page.waitForFunction(
      (before) => Number(document.querySelector('[data-testid="price-chart"]')?.getAttribute('data-ticks')) > before + 1,
      first,
      { timeout: 20_000 },
    );
    assert.equal(await page.locator('[data-testid="price-chart"] canvas').count() > 0, true);
    assert.deepEqual(faults, []);
    await close();
  });

  it('selects thresholds and windows, by hand and by key', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#market' });
    await page.getByTestId('active-cycle').nth(6).waitFor();
    await page.getByTestId('active-cycle').nth(0).click();
    assert.match(await page.getByTestId('active-cycle').nth(0).getAttribute('class'), /sel/);
    await page.keyboard.press('j');
    assert.match(await page.getByTestId('active-cycle').nth(1).getAttribute('class'), /sel/);
    await page.keyboard.press('1');
    await page.locator('.seg button[aria-pressed="true"]', { hasText: '15 min' }).waitFor();
    assert.deepEqual(faults, []);
    await close();
  });

  it('remembers the theme, lists its keys, holds, and saves a table', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#market' });
    await page.getByTestId('active-cycle').nth(6).waitFor();
    await page.keyboard.press('t');
    await page.reload();
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    await page.getByTestId('active-cycle').nth(6).waitFor();
    await page.keyboard.press('?');
    await page.getByTestId('keys').getByText('Hold the page').waitFor();
    // At once, before the page is painted without the list.
    await Promise.all([page.keyboard.press('Escape'), page.keyboard.press('Space')]);
    await page.getByTestId('keys').waitFor({ state: 'hidden' });
    await page.getByTestId('clock').getByText(/^held at \d\d:\d\d:\d\d$/).waitFor();
    const download = page.waitForEvent('download');
    await page.keyboard.press('c');
    assert.equal((await download).suggestedFilename(), 'cycles.csv');
    assert.deepEqual(faults, []);
    await close();
  });
});

describe('Feeds page', () => {
  for (const view of views) {
    it(`lists feeds and engines, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#feeds' });
      await page.getByTestId('feed').first().waitFor();
      assert.ok((await page.getByTestId('feed').count()) >= 1);
      await page.getByTestId('market-engine').getByText('Hot store', { exact: true }).waitFor();
      await page.getByTestId('trading-engine').getByText('State hash').waitFor();
      await page.getByTestId('nightly-replay').getByText(/MATCH|not yet|not possible/).first().waitFor();
      await page.getByTestId('job').filter({ hasText: 'parity' }).waitFor();
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `feeds-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  const parities = [
    ['✓ MATCH', { state: 'STATE_MATCH', decisions: '1204', events: '88120' }, /2026-01-05, 1,204 decisions over 88,120 events/],
    ['✕ DIFFER', { state: 'STATE_DIFFER', decisions: '9', differences: '2', firstDifference: '7.all: entered → rejected at bundle' }, /2026-01-05, 2 of 9 decisions; first: 7\.all: entered → rejected at bundle/],
    ['not possible', { state: 'STATE_NOT_POSSIBLE', reason: 'the log begins at 14:00' }, /2026-01-05: the log begins at 14:00/],
  ];
  for (const view of [desktopLight, phoneDark]) {
    it(`tells the nightly replay and a job that failed, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#feeds' });
      await page.getByTestId('job').first().waitFor();
      let parity = {};
      await answerWith(page, '/api/v1/trading/status', (status) => ({ ...status, parity: { day: '2026-01-05', ...parity } }));
      const job = { name: 'parity', cadence: 'each UTC day', runs: '3', failures: '1', lastOutcome: 'OUTCOME_FAILED', lastEndedAt: '2026-01-06T00:05:00Z', lastDurationMs: 12.5, lastError: 'the log has a gap' };
      await answerWith(page, '/scheduler/status', () => ({ jobs: [{ ...job, name: 'zeal', lastOutcome: 'OUTCOME_SUCCEEDED', failures: '0', lastResult: 'fine' }, job], count: 2 }));
      for (const [word, next, detail] of parities) {
        parity = next;
        await page.getByTestId('nightly-replay-detail').getByText(detail).waitFor();
        assert.equal(await page.getByTestId('nightly-replay').innerText(), word);
      }
      await page.getByTestId('job').first().getByText('failed').waitFor();
      await page.getByText('the log has a gap').locator('visible=true').first().waitFor();
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `feeds-jobs-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  for (const view of [desktopDark, phoneLight]) {
    it(`draws the gaps of a day, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#feeds' });
      await page.getByTestId('gaps').getByText('Nothing is missing.').waitFor();
      const { headEventTime } = await (await fetch(`${gateway}/api/v1/market/status`)).json();
      const before = (minutes) => new Date(Date.parse(headEventTime) - minutes * 60_000).toISOString();
      const gap = { kind: 'KIND_GAP', feed: 'books', symbol: 'SOLUSDT', eventTime: before(100), from: before(130), to: before(100), reason: 'U 9 follows 7' };
      const silence = { kind: 'KIND_STALE', feed: 'trades', eventTime: before(20), from: before(25), reason: 'no trade for a minute' };
      await answerWith(page, '/gaps', () => ({ gaps: [silence, gap], count: 2, completeFrom: before(600) }));
      await page.getByTestId('gap').nth(1).getByText('30 min', { exact: true }).waitFor();
      await page.getByTestId('gap').first().getByText(/^25 min.*, not ended$/).waitFor();
      await page.getByTestId('gaps').getByRole('img', { name: 'books: 1 gap, 30 min within 24 h' }).waitFor();
      await page.getByTestId('gaps').getByText(/is not kept in memory/).waitFor();
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `feeds-gaps-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('is reached by keys', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/' });
    await page.getByTestId('sentence').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.getByTestId('feeds-table').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByTestId('price-chart').waitFor();
    assert.deepEqual(faults, []);
    await close();
  });
});

describe('A lost stream', () => {
  it('is said with its retry, and again when it is back', async () => {
    const { page, close } = await openPage({ ...desktopLight, address: '/#market' });
    await page.getByTestId('active-cycle').nth(6).waitFor();
    await page.route('**/stream/**', (route) => route.abort());
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Object.defineProperty(document, 'hidden', { value: false, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    const lost = page.getByTestId('stream-lost');
    await lost.waitFor();
    assert.match(await lost.innerText(), /lost \d\d:\d\d:\d\d\. Retry \d+ /);
    await picture(page, 'market-stream-lost');
    await page.unroute('**/stream/**');
    await page.getByTestId('notice').waitFor({ timeout: 30_000 });
    assert.match(await page.getByTestId('notice').innerText(), /back \d\d:\d\d:\d\d after/);
    await close();
  });
});

describe('API page', () => {
  it('lists the operations of this gateway', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/api-docs/' });
    await page.locator('.opblock').first().waitFor({ timeout: 20_000 });
    assert.ok((await page.locator('.opblock').count()) >= 1);
    await picture(page, 'api-docs');
    assert.deepEqual(faults, []);
    await close();
  });

  it('is linked from the rail', async () => {
    const { page, close } = await openPage({ ...desktopLight, address: '/' });
    assert.equal(await page.locator('.rail a', { hasText: 'API' }).getAttribute('href'), '/api-docs/');
    assert.ok(gateway.startsWith('http'));
    await close();
  });
});
