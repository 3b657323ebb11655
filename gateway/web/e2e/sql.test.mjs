import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { desktopLight, openPage, overflow, phoneDark, phoneLight, picture, tabletDark, unexpected } from './browser.mjs';

const views = [desktopLight, tabletDark, phoneLight, phoneDark];

async function ask(page, sql) {
  await page.getByTestId('sql').fill(sql);
  await page.getByTestId('sql').press('Control+Enter');
}

describe('SQL page', () => {
  for (const view of views) {
    it(`lists tables and answers an example, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#sql' });
      await page.getByTestId('sql-nothing').waitFor();
      await page.getByTestId('sql-table').first().click();
      await page.getByTestId('sql-columns').getByText('event_time').waitFor();
      await page.getByText('Price of each token').click();
      await page.getByTestId('sql').press('Control+Enter');
      await page.getByTestId('sql-answer').locator('tbody tr').nth(2).waitFor();
      assert.match(await page.getByTestId('sql-answer').innerText(), /3 rows[\s\S]*ms · Market, last hours · as of event/);
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `sql-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('shows a refusal in the words of the engine', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#sql' });
    await page.getByTestId('sql').waitFor();
    await ask(page, 'DELETE FROM prices');
    await page.getByTestId('sql-refused').getByText('only SELECT is allowed, got DELETE').waitFor();
    await ask(page, 'SELECT walet_address FROM sol_stablecoin_trades');
    await page.getByTestId('sql-refused').getByText(/walet_address/).waitFor();
    assert.match(await page.getByTestId('sql-refused').innerText(), /INVALID_ARGUMENT/);
    await picture(page, 'sql-refused');
    assert.deepEqual(unexpected(faults, [400]), []);
    await close();
  });

  it('says when an answer was cut off, and saves all that came', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#sql' });
    await page.getByTestId('sql').waitFor();
    await ask(page, 'SELECT a.seq, NULL AS nothing FROM prices a, (SELECT seq FROM prices LIMIT 100) b');
    await page.getByTestId('sql-truncated').getByText(/the first 10,000;/).waitFor();
    assert.equal(await page.getByTestId('sql-answer').locator('tbody tr').count(), 200);
    await page.keyboard.press('Escape');
    const download = page.waitForEvent('download');
    await page.keyboard.press('c');
    const saved = await download;
    assert.equal(saved.suggestedFilename(), 'query.csv');
    const lines = (await readFile(await saved.path(), 'utf8')).trimEnd().split('\r\n');
    assert.equal(lines.length, 10_001);
    assert.match(lines[1], /^\d+,$/);
    assert.deepEqual(faults, []);
    await close();
  });

  it('keeps what was asked in this browser, until it is told to forget', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#sql' });
    await page.getByTestId('sql').waitFor();
    await ask(page, 'SELECT 1 AS one');
    await page.getByTestId('sql-answer').getByText('one', { exact: true }).waitFor();
    await ask(page, 'SELECT 2 AS two');
    await page.getByTestId('sql-answer').getByText('two', { exact: true }).waitFor();
    await page.reload();
    assert.equal(await page.getByTestId('sql').inputValue(), 'SELECT 2 AS two');
    await page.getByTestId('sql-history').getByText('SELECT 1 AS one').click();
    assert.equal(await page.getByTestId('sql').inputValue(), 'SELECT 1 AS one');
    await page.getByText('Forget them').click();
    await page.getByTestId('sql-history').getByText('No question yet.').waitFor();
    await page.reload();
    await page.getByTestId('sql-history').getByText('No question yet.').waitFor();
    assert.deepEqual(faults, []);
    await close();
  });

  it('asks the archive, which says why it cannot answer', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#sql?target=archive' });
    await page.locator('.seg button[aria-pressed="true"]', { hasText: 'archive' }).waitFor();
    await ask(page, 'SELECT count(*) FROM prices');
    await page.getByTestId('sql-refused').getByText(/archive/).waitFor();
    assert.match(await page.getByTestId('sql-refused').innerText(), /UNAVAILABLE/);
    assert.deepEqual(unexpected(faults, [503]), []);
    await close();
  });

  it('asks the workspace of the trading-engine', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#sql?target=workspace' });
    await page.getByTestId('sql-tables').getByRole('button', { name: /price_cycles/ }).click();
    await page.getByTestId('sql-columns').getByText('threshold').first().waitFor();
    for (const example of ['Decisions by play and gate', 'Results by play', 'Newest cycles']) {
      await page.getByText(example, { exact: true }).click();
      await page.getByTestId('sql').press('Control+Enter');
      await page.getByTestId('sql-answer').getByText(/ms · Workspace · as of event/).waitFor();
    }
    await page.getByTestId('sql-answer').locator('tbody tr').first().waitFor();
    await ask(page, 'SELECT * FROM order_books');
    await page.getByTestId('sql-refused').getByText(/order_books/).waitFor();
    await picture(page, 'sql-workspace');
    assert.deepEqual(unexpected(faults, [400]), []);
    await close();
  });

  it('is reached by keys and focuses its editor', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#feeds' });
    await page.getByTestId('sentence').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await page.getByTestId('sql').waitFor();
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'sql');
    assert.deepEqual(faults, []);
    await close();
  });
});
