import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { desktopLight, gateway, openPage, overflow, phoneDark, picture, unexpected } from './browser.mjs';

const views = [desktopLight, phoneDark];
const play = {
  id: 'browser', name: 'Browser', active: true, sizeUsd: 100, maxEntriesPerCycle: 20,
  wallets: { sql: 'SELECT DISTINCT wallet AS wallet_address FROM sol_stablecoin_trades', cacheSeconds: 10 },
  exit: { decreases: [{ from: -1, to: 0, tolerance: 0.002 }], increases: [{ from: 0, to: 1, tolerance: 0.001 }] },
};
const patienceMs = 90_000;

let position;
before(async () => {
  await ask('POST', '/plays', play);
  position = await anOpenedPosition();
});
after(async () => {
  await fetch(`${gateway}/plays/${play.id}`, { method: 'DELETE' });
});

async function ask(method, path, body) {
  const answer = await fetch(`${gateway}${path}`, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${text}`);
  return JSON.parse(text);
}

async function anOpenedPosition() {
  const until = Date.now() + patienceMs;
  while (Date.now() < until) {
    const { positions } = await ask('GET', `/buyins?play_id=${play.id}`);
    const filled = positions.find((each) => each.entry);
    if (filled) return filled;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no position of the play was filled within ${patienceMs} ms`);
}

async function show(view, address, look) {
  const { page, faults, close } = await openPage({ ...view, address });
  await look(page);
  assert.ok((await overflow(page)) <= 0, `${address} is wider than its window`);
  await picture(page, `${address.replace(/[^a-z0-9]+/gi, '-')}-${view.name}`);
  assert.deepEqual(faults, []);
  await close();
}

describe('Copy trading', () => {
  for (const view of views) {
    it(`has an overview, ${view.name}`, () =>
      show(view, '/#overview', async (page) => {
        await page.getByTestId('account-today').getByText('Equity', { exact: true }).waitFor();
        assert.match(await page.getByTestId('sentence').innerText(), /^(Up|Down|Unchanged).* today and .*since the start/);
        await page.getByTestId('restart-badge').waitFor();
        await page.getByTestId('why-not-traded').locator('tbody tr').first().waitFor();
        await page.getByTestId('equity').getByTestId('benchmark').getByText(/holding SOL instead: [\d,.]+ USD, [+−]?\d+\.\d\d\s%, before costs/).waitFor();
      }));

    it(`lists positions and shows one, ${view.name}`, async () => {
      await show(view, '/#positions', async (page) => {
        await page.getByTestId('position').first().waitFor();
        assert.match(await page.getByTestId('sentence').innerText(), /\d+ positions? open/);
      });
      await show(view, `/#positions/${encodeURIComponent(position.id)}`, async (page) => {
        await page.getByTestId('position-money').getByText('Entry', { exact: true }).waitFor();
        await page.getByTestId('position-chart').locator('svg').waitFor();
        await page.getByTestId('gates').getByText('Wallet listed').waitFor();
        await page.getByTestId('features').locator('tbody tr').first().waitFor();
        await page.getByText('Fill of the entry').waitFor();
        assert.match(await page.getByTestId('sentence').innerText(), /^(Open|Closed) /);
      });
    });

    it(`explains decisions, ${view.name}`, () =>
      show(view, `/#decisions?play=${play.id}`, async (page) => {
        await page.getByTestId('funnel').locator('tbody tr').nth(18).waitFor();
        await page.getByTestId('decision').first().click();
        await page.getByTestId('one-decision').getByTestId('gates').locator('tbody tr').first().waitFor();
        await page.getByTestId('funnel').getByText('One per cycle').click();
        await page.getByTestId('gate-panel').getByText('One per cycle, looked at closely').waitFor();
        if (view.width > 760) await page.getByTestId('shadow').nth(17).waitFor();
      }));

    it(`draws how near the refused were to the limit, ${view.name}`, () =>
      show(view, `/#decisions?play=${play.id}&gate=max_per_cycle`, async (page) => {
        await page.getByTestId('gate-panel').waitFor();
        await page.getByTestId('gate-histogram').locator('svg').getByText(/^limit 20 positions$/).waitFor({ timeout: patienceMs });
      }));

    it(`shows plays with an editor, ${view.name}`, () =>
      show(view, `/#plays/${play.id}`, async (page) => {
        await page.getByTestId('play-editor').getByText('Save as a new version').waitFor();
        assert.match(await page.getByTestId('play-json').inputValue(), /"sizeUsd": 100/);
        await page.getByTestId('play-versions').getByText(/^v\d+$/).first().waitFor();
      }));

    it(`ranks wallets or says why not, ${view.name}`, () =>
      show(view, '/#wallets', async (page) => {
        await page.getByText(/wallets? (with|has)|No wallet/).first().waitFor();
        const rows = await page.getByTestId('wallet').count();
        if (rows > 0) await page.getByTestId('one-wallet').waitFor();
      }));
  }

  it('saves a table and opens a row by key', () =>
    show(desktopLight, '/#positions', async (page) => {
      await page.getByTestId('position').first().waitFor();
      const download = page.waitForEvent('download');
      await page.keyboard.press('c');
      assert.equal((await download).suggestedFilename(), 'positions.csv');
      await page.keyboard.press('j');
      assert.match(await page.getByTestId('position').first().getAttribute('class'), /sel/);
      await page.keyboard.press('Enter');
      await page.getByTestId('position-money').waitFor();
      await page.keyboard.press('Escape');
      await page.getByTestId('positions-table').waitFor();
    }));

  it('reaches every page from a phone', () =>
    show(phoneDark, '/#overview', async (page) => {
      await page.getByTestId('more').click();
      await page.getByTestId('more-pages').getByText('Wallets').click();
      await page.waitForFunction(() => location.hash === '#wallets');
    }));
});

describe('A play in the browser', () => {
  const copy = 'written-in-the-browser';

  it('is checked while it is typed, planned, created, changed, restored and deleted', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#plays' });
    await planBriefly(page);
    await page.getByTestId('new-play').click();
    await page.getByLabel('Name', { exact: true }).fill('Written in the browser');
    await page.getByLabel('Bundle of').fill('1');
    await page.getByLabel('Bundle within').fill('5');
    await page.getByTestId('field-fault').getByText(/bundle\.wallets must be/).waitFor();
    assert.ok(await page.getByTestId('save-play').isDisabled(), 'what was not planned can be saved');

    await page.getByLabel('Bundle of').fill('2');
    assert.match(await page.getByTestId('play-json').inputValue(), /"wallets": 2/);
    await page.getByTestId('draft-check').getByText(/^Fits; /).waitFor();
    await plan(page);
    await page.getByTestId('play-plan').getByText('Looked at as if the play were active.').waitFor();
    await page.getByTestId('save-play').click();
    const row = page.locator(`[data-play="${copy}"]`);
    await row.waitFor();
    assert.equal(await row.getByTestId('play-state').innerText(), 'inactive');

    // A name that was used before goes on counting its versions.
    const first = Number(/v(\d+)/.exec(await row.innerText())?.[1]);
    await page.getByTestId('toggle-play').click();
    await row.getByText(`v${first + 1}`, { exact: true }).waitFor();
    assert.equal(await row.getByTestId('play-state').innerText(), 'active');
    const json = page.getByTestId('play-json');
    await json.fill('{');
    await page.getByTestId('json-fault').waitFor();
    await page.getByRole('button', { name: 'Undo changes' }).click();
    await json.fill((await json.inputValue()).replace('"sizeUsd": 100', '"sizeUsd": 50'));
    assert.equal(await page.getByLabel('Size', { exact: true }).inputValue(), '50');
    await plan(page);
    await page.getByTestId('save-play').click();
    await row.getByText(`v${first + 2}`, { exact: true }).waitFor();

    await page.getByTestId('restore-version').nth(1).click();
    assert.equal(await page.getByLabel('Size', { exact: true }).inputValue(), '100');
    await plan(page);
    await page.getByTestId('save-play').click();
    await row.getByText(`v${first + 3}`, { exact: true }).waitFor();

    await page.getByTestId('delete-play').click();
    await page.getByTestId('really-delete').click();
    await row.waitFor({ state: 'detached' });
    // Its versions may be on their way to the page while it goes.
    assert.deepEqual(unexpected(faults, [400, 404]), []);
    await close();
  });

  it('shows what a change would have made before it is saved', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: `/#plays/${play.id}` });
    await page.getByLabel('Entries a cycle').fill('1');
    await plan(page);
    assert.match(await page.getByTestId('plan-sentence').innerText(), /^Adds \d+, removes [1-9]\d*, changes \d+ positions: /);
    await page.getByTestId('plan-decisions').getByText('entered → rejected at max_per_cycle').first().waitFor();
    assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
    await picture(page, 'plan-desktop-light');
    const download = page.waitForEvent('download');
    await page.getByTestId('play-plan').getByRole('button', { name: 'CSV' }).click();
    assert.equal((await download).suggestedFilename(), `plan-${play.id}.csv`);
    assert.equal(await page.getByTestId('draft-check').innerText(), 'Fits, and is planned.', 'a table that is saved saves no play');
    await page.getByLabel('Entries a cycle').fill('2');
    await page.getByTestId('play-plan').getByText('The play was changed since; plan it anew.').waitFor();
    assert.ok(await page.getByTestId('save-play').isDisabled(), 'what was not planned can be saved');
    assert.deepEqual(faults, []);
    await close();
  });

  it('plans on a phone, and says when there was no time to', async () => {
    const { page, faults, close } = await openPage({ ...phoneDark, address: `/#plays/${play.id}` });
    await planBriefly(page);
    await page.getByLabel('Entries a cycle').fill('1');
    await plan(page);
    assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
    await picture(page, 'plan-phone-dark');
    await page.unrouteAll();
    await page.route('**/plan', (route) => route.fulfill({ status: 504, json: { code: 4, message: 'the trading-engine did not answer within 10 s' } }));
    await page.getByTestId('plan-play').click();
    await page.getByTestId('plan-refused').getByText(/did not answer within 10 s\. A shorter stretch is folded sooner/).waitFor();
    assert.deepEqual(unexpected(faults, [504]), []);
    await close();
  });

  /** The engine plans the last half minute only, whatever is asked for. */
  function planBriefly(page) {
    return page.route('**/plan', (route) => {
      const asked = route.request().postDataJSON();
      const from = asked.to ? asked.from : new Date(Date.now() - 30_000).toISOString();
      return route.continue({ postData: JSON.stringify({ ...asked, from }) });
    });
  }

  async function plan(page) {
    await page.getByTestId('plan-span').selectOption({ label: 'over 15 min' });
    await page.getByTestId('plan-play').click();
    await page.getByTestId('plan-sentence').waitFor();
    await page.getByTestId('draft-check').getByText('Fits, and is planned.').waitFor();
  }
});
