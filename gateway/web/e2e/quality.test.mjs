import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barriers, desktopDark, desktopLight, gateway, openPage, overflow, phoneDark, phoneLight, picture } from './browser.mjs';

const views = [desktopLight, desktopDark, phoneLight, phoneDark];
const firstPageBytesMax = 300_000;

/** Every page, with what is on it once it is whole. */
const places = [
  ['overview', '[data-testid="account-today"] dl'],
  ['positions', '[data-testid="position"], [data-testid="no-positions"], main .said'],
  ['decisions', '[data-testid="funnel"] tbody tr, [data-testid="no-decisions"]'],
  ['plays', '[data-testid="plays-table"], [data-testid="no-plays"]'],
  ['plays?new=1', '[data-testid="play-editor"]'],
  ['wallets', '[data-testid="wallet"], main .said'],
  ['market', '[data-testid="active-cycle"]'],
  ['strategies', '[data-testid="candles"] svg, main .said'],
  ['feeds', '[data-testid="job"]'],
  ['sql', '[data-testid="sql-table"]'],
  ['posts', '[data-testid="post-parts"]'],
];

describe('Every page', () => {
  for (const view of views) {
    it(`can be used by everybody, ${view.name}`, async () => {
      const { page, faults, close } = await openPage({ ...view, address: '/#overview' });
      const wrong = [];
      for (const [address, whole] of places) {
        await page.evaluate((hash) => (location.hash = hash), address);
        await page.locator(whole).first().waitFor();
        if ((await overflow(page)) > 0) wrong.push(`${address}: wider than its window`);
        wrong.push(...(await barriers(page)).map((finding) => `${address}: ${finding}`));
        await picture(page, `whole-${address.replace(/\W+/g, '-')}-${view.name}`);
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('has dialogs that everybody can use', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#posts' });
    await page.getByTestId('stop-outbound').click();
    await page.locator('dialog[open]').waitFor();
    assert.deepEqual(await barriers(page), []);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByTestId('keys').getByText('Hold the page').waitFor();
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual(faults, []);
    await close();
  });
});

describe('The first page', () => {
  it('travels in less than 300 kB and is soon there', async (test) => {
    const { page, close } = await openPage({ ...desktopLight, address: '/api-docs/look.css' });
    const wire = await page.context().newCDPSession(page);
    await wire.send('Network.enable');
    await wire.send('Network.setCacheDisabled', { cacheDisabled: true });
    const [addresses, bytes] = [new Map(), new Map()];
    wire.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, new URL(request.url).pathname));
    const count = (id, more) => bytes.set(addresses.get(id) ?? id, (bytes.get(addresses.get(id) ?? id) ?? 0) + more);
    wire.on('Network.responseReceived', ({ requestId, response }) => count(requestId, response.encodedDataLength));
    wire.on('Network.dataReceived', ({ requestId, encodedDataLength }) => count(requestId, encodedDataLength));
    await page.goto(`${gateway}/`);
    const readyMs = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const look = () => {
            const said = document.querySelector('[data-testid="sentence"]')?.textContent?.trim();
            if (said) resolve(performance.now());
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.getByTestId('feeds-table').waitFor();
    const sizes = [...bytes].sort(([, left], [, right]) => right - left);
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    test.diagnostic(`first page: ${(total / 1000).toFixed(1)} kB travelled, its sentence after ${readyMs.toFixed(0)} ms`);
    test.diagnostic(sizes.slice(0, 6).map(([path, size]) => `${path} ${(size / 1000).toFixed(1)} kB`).join(', '));
    assert.ok(total > 30_000, `only ${total} bytes were counted`);
    assert.ok(total < firstPageBytesMax, `${total} bytes travelled`);
    await close();
  });
});

describe('The market page', () => {
  it('keeps up with 60 price ticks a second', async (test) => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/api-docs/look.css' });
    await page.addInitScript(moreTicks, 60);
    await page.goto(`${gateway}/#market`);
    const repaints = async () => Number(await page.getByTestId('price-chart').getAttribute('data-ticks'));
    const ticks = () => page.evaluate(() => window.mixedTicks);
    await page.waitForFunction(() => Number(document.querySelector('[data-testid="price-chart"]')?.getAttribute('data-generation')) > 0);
    await page.getByTestId('active-cycle').nth(6).waitFor();
    const painted = await repaints();
    const wire = await page.context().newCDPSession(page);
    // CPU time of the page's thread: what else runs on this machine does not count.
    await wire.send('Performance.enable', { timeDomain: 'threadTicks' });
    const metrics = async () => Object.fromEntries((await wire.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
    const before = { ...(await metrics()), at: performance.now(), ticks: await ticks() };
    await page.waitForFunction((target) => window.mixedTicks >= target, before.ticks + 900, { polling: 500 });
    const now = { ...(await metrics()), at: performance.now(), ticks: await ticks() };
    const seconds = (now.at - before.at) / 1000;
    const share = ((now.TaskDuration - before.TaskDuration) / seconds) * 100;
    const rate = (now.ticks - before.ticks) / seconds;
    test.diagnostic(`${rate.toFixed(1)} ticks/s: ${share.toFixed(1)} % of a core, of it script ${(((now.ScriptDuration - before.ScriptDuration) / seconds) * 100).toFixed(1)} %`);
    assert.ok(now.TaskDuration > before.TaskDuration, 'nothing was measured');
    assert.ok((await repaints()) > painted + 10, 'the chart did not follow');
    assert.deepEqual(faults, []);
    await close();
  });
});

/** Runs in the page: mixes so many ticks of SOL a second into the market stream. */
function moreTicks(perSecond) {
  const plain = window.fetch;
  window.mixedTicks = 0;
  window.fetch = async (path, init) => {
    const response = await plain(path, init);
    if (!String(path).startsWith('/stream/') || String(path).includes('trading')) return response;
    const text = new TextEncoder();
    let timer;
    const mixed = new ReadableStream({
      async start(controller) {
        timer = setInterval(() => {
          window.mixedTicks += 1;
          const price = 130 + Math.sin(window.mixedTicks / 40);
          const event = { eventTime: new Date().toISOString(), source: 'SOURCE_SIMULATED', price: { token: 'SOL', price } };
          controller.enqueue(text.encode(`data: ${JSON.stringify(event)}\n\n`));
        }, 1000 / perSecond);
        const reader = response.body.getReader();
        try {
          for (let part = await reader.read(); !part.done; part = await reader.read()) controller.enqueue(part.value);
          controller.close();
        } catch (thrown) {
          controller.error(thrown);
        }
        clearInterval(timer);
      },
      cancel() {
        clearInterval(timer);
      },
    });
    return new Response(mixed, { status: response.status, headers: response.headers });
  };
}
