import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, it } from 'node:test';
import {
  answerWith, desktopLight, gateway, openPage, overflow, phoneDark, phoneLight, picture, tabletDark, unexpected,
} from './browser.mjs';

const views = [desktopLight, tabletDark, phoneLight, phoneDark];

after(async () => {
  await fetch(`${gateway}/publisher/resume`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
});

const thread = {
  id: 'trade_result/7', kind: 'trade_result', state: 'STATE_UNKNOWN', composedAt: '2026-01-06T14:30:00Z', trouble: 'the answer got lost',
  parts: [
    { text: 'Closed a long SOL trade.\nIt made +0.42 %.', weightedLength: 42, state: 'STATE_SENT', tweetId: '1790000000000000001' },
    { text: 'What it paid in fees.', weightedLength: 21, state: 'STATE_COMPOSED' },
  ],
};
const refused = {
  id: 'market/3', kind: 'market', state: 'STATE_REFUSED', composedAt: '2026-01-06T14:20:00Z', trouble: '403: not permitted',
  parts: [{ text: 'SOL is at 132.47 USD.', weightedLength: 21, state: 'STATE_REFUSED' }],
};
const alert = {
  id: 'feed/prices', severity: 'SEVERITY_WARNING', kind: 'feed', title: 'The feed prices is stale', text: '41 s without data, limit 30 s.', raisedAt: '2026-01-06T14:31:00Z',
  messages: [{ channel: 'telegram', state: 'STATE_FAILED', attempts: 5, trouble: 'connection refused' }],
};

describe('Posts page', () => {
  for (const view of views) {
    it(`shows the publisher and a preview, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#posts' });
      await page.getByTestId('publisher-state').getByText('dry run').waitFor();
      assert.match(await page.getByTestId('sentence').innerText(), /^No post is sent: without credentials/);
      await page.getByTestId('post-preview').getByText(/^\d+ of 280 characters as X counts$/).first().waitFor();
      await page.getByTestId('outbox').locator('[data-testid="post"], [data-testid="no-posts"]').first().waitFor();
      await page.getByTestId('alerts').locator('[data-testid="alert"], [data-testid="no-alerts"]').first().waitFor();
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `posts-${view.name}`);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('previews other kinds, or says why there is none', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#posts' });
    const preview = page.getByTestId('post-preview');
    await preview.getByRole('button', { name: 'Market', exact: true }).click();
    await preview.getByTestId('post-parts').getByText(/SOL/).first().waitFor();
    await preview.getByRole('button', { name: 'Weekly', exact: true }).click();
    await preview.locator('[data-testid="post-parts"], [data-testid="no-preview"]').first().waitFor();
    assert.match(await page.evaluate(() => location.hash), /preview=weekly/);
    assert.deepEqual(unexpected(faults, [400]), []);
    await close();
  });

  for (const view of [desktopLight, phoneDark]) {
    it(`tells a thread, what was refused and an alert, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#feeds' });
      await page.getByTestId('sentence').waitFor();
      await answerWith(page, '/posts', () => ({ posts: [thread, refused], count: 2, nextPageToken: '' }));
      await answerWith(page, '/alerts', () => ({ alerts: [alert], count: 1, nextPageToken: '' }));
      await page.evaluate(() => (location.hash = '#posts'));
      await page.getByTestId('post').nth(1).waitFor();
      assert.match(await page.getByTestId('post').nth(1).innerText(), /refused/);
      await page.getByTestId('post').first().click();
      const open = page.getByTestId('one-post');
      await open.getByText('the answer got lost').waitFor();
      assert.match(await open.innerText(), /1 of 2 · 42 of 280 characters as X counts · sent · 1790000000000000001/);
      assert.match(await open.innerText(), /2 of 2 · 21 of 280 characters as X counts · waits/);
      assert.match(await page.getByTestId('alert').innerText(), /prices is stale/);
      if (view.width > 760) await page.getByText('telegram failed after 5 attempts: connection refused').waitFor();
      assert.ok((await overflow(page)) <= 0, 'the page is wider than its window');
      await picture(page, `posts-thread-${view.name}`);
      await page.keyboard.press('Escape');
      await open.waitFor({ state: 'detached' });
      const download = page.waitForEvent('download');
      await page.keyboard.press('c');
      const saved = await download;
      assert.equal(saved.suggestedFilename(), 'posts.csv');
      assert.equal((await readFile(await saved.path(), 'utf8')).trimEnd().split(/\r\n/).length, 4);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('stops everything with a reason, and takes it back', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#posts' });
    await page.getByTestId('stop-outbound').click();
    await page.getByTestId('reason').fill('a test in the browser');
    await page.locator('dialog[open]').getByTestId('really').click();
    await page.getByTestId('sentence').getByText(/^Nothing leaves the machine since .* UTC: a test in the browser\.$/).waitFor();
    const { outbound } = await (await fetch(`${gateway}/publisher/status`)).json();
    assert.equal(outbound.reason, 'a test in the browser');
    await picture(page, 'posts-stopped');
    await page.getByTestId('resume-outbound').click();
    await page.locator('dialog[open]').getByTestId('really').click();
    await page.getByTestId('stop-outbound').waitFor();
    assert.deepEqual(faults, []);
    await close();
  });

  it('is reached by keys, and says when the gateway refuses to stop', async () => {
    const { page, close } = await openPage({ ...desktopLight, address: '/#feeds' });
    await page.getByTestId('sentence').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('x');
    await page.getByTestId('stop-outbound').waitFor();
    await page.route('**/publisher/stop', (route) => route.fulfill({ status: 403, json: { code: 7, message: 'the scope admin is needed' } }));
    await page.getByTestId('stop-outbound').click();
    await page.locator('dialog[open]').getByTestId('really').click();
    await page.getByTestId('confirm-refused').getByText(/Not done: the scope admin is needed/).waitFor();
    await close();
  });
});
