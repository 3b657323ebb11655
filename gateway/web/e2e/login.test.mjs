import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openPage } from './browser.mjs';

const token = process.env.GOAT_TOKEN ?? '';

describe('Login', () => {
  it('asks for a token, refuses a wrong one and shows the market with the right one', async () => {
    const view = { width: 1440, height: 900, theme: 'light', address: '/#market' };
    const { page, faults, close } = await openPage(view);
    await page.getByTestId('login').waitFor();
    await page.getByTestId('token').fill('a-secret-that-nobody-knows');
    await page.getByTestId('token').press('Enter');
    await page.getByText('This token is not known.').waitFor();

    await page.getByTestId('token').fill(token);
    await page.getByTestId('token').press('Enter');
    await page.getByTestId('active-cycle').nth(6).waitFor();
    assert.equal(await page.getByTestId('login').count(), 0);
    await page.waitForFunction(() => Number(document.querySelector('[data-testid="price-chart"]')?.getAttribute('data-generation')) > 0);

    const stored = await page.evaluate(() => [JSON.stringify(localStorage), document.cookie, location.href].join());
    assert.ok(!stored.includes(token), 'the token is kept where another tab or a server could see it');
    // The browser itself notes each answer of 401.
    const unexpected = faults.filter((fault) => !fault.includes('401') && !fault.includes('429'));
    assert.deepEqual(unexpected, []);
    await close();
  });
});
