import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barriers, desktopDark, desktopLight, gateway, openPage, overflow, phoneDark, phoneLight, picture } from './browser.mjs';

describe('The guide', () => {
  for (const view of [desktopLight, desktopDark, phoneLight, phoneDark]) {
    it(`is read by everybody, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/guide/' });
      const pages = await page.locator('nav a').evaluateAll((links) => links.map((link) => link.href));
      assert.ok(pages.length > 10, `${pages.length} pages`);
      const wrong = [];
      for (const address of pages) {
        await page.goto(address);
        assert.equal(await page.locator('h1').count(), 1, address);
        if ((await overflow(page)) > 0) wrong.push(`${address}: wider than its window`);
        const missing = await page.locator('img').evaluateAll((images) =>
          Promise.all(images.map((image) => image.decode().then(() => '', () => image.src))));
        wrong.push(...missing.filter(Boolean).map((source) => `${address}: no picture ${source}`));
        // The list of all messages takes axe minutes; it has nothing that the list of calls has not.
        if (!/messages|settings/.test(address)) {
          wrong.push(...(await barriers(page)).map((finding) => `${address}: ${finding}`));
        }
        await picture(page, `guide-${address.split('/').pop().replace('.html', '')}-${view.name}`);
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('is found from the dashboard, and leads back', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#overview' });
    await page.getByRole('link', { name: 'Guide' }).click();
    await page.getByRole('heading', { name: 'Guide', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'A tour in pictures' }).first().click();
    await page.getByRole('heading', { name: 'Positions' }).waitFor();
    await page.getByRole('link', { name: 'Follow The Goat' }).click();
    await page.waitForURL(`${gateway}/`);
    assert.deepEqual(faults, []);
    await close();
  });
});
