import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import { desktopLight, openPage, picture, unexpected } from './browser.mjs';

const answers = createInterface({ input: process.stdin });
const answer = answers[Symbol.asyncIterator]();
after(() => answers.close());

/** Has the one that runs this end a service, or start it; comes back when that is done. */
async function turn(verb, service) {
  process.stdout.write(`${verb} ${service}\n`);
  assert.equal((await answer.next()).value, 'done');
}

/** Whether the lights of all feeds are on, or of none: "7 of 7 feeds live". */
function lightsAre(every) {
  const [, live, of] = /(\d+) of (\d+)/.exec(document.querySelector('[data-testid="lights"]')?.innerText ?? '') ?? [];
  return of > 0 && (every ? live === of : live === '0');
}

describe('An open page', () => {
  it('lives through the restart of each service, and says so', async () => {
    const { page, faults, close } = await openPage({ ...desktopLight, address: '/#market' });
    const lights = (every) => page.waitForFunction(lightsAre, every);
    const price = () => page.getByTestId('price-SOL').innerText();
    const priceOtherThan = (before) =>
      page.waitForFunction((before) => document.querySelector('[data-testid="price-SOL"]')?.innerText !== before, before);
    await page.getByTestId('active-cycle').nth(6).waitFor();
    await lights(true);
    await page.evaluate(() => (globalThis.isTheSamePage = true));

    await turn('ends', 'trading-engine');
    await page.getByText('The trading-engine is down').waitFor();
    await picture(page, 'restart-trading-engine');
    await priceOtherThan(await price());
    await turn('starts', 'trading-engine');
    await page.getByTestId('notice').getByText('The trading-engine was restarted, warm.').waitFor();

    await turn('ends', 'data-engine');
    await page.getByText('The data-engine is down').waitFor();
    await lights(false);
    const held = await price();
    assert.match(held, /^\d/, 'the last price stays');
    await page.locator('.since').getByText(/^at \d\d:\d\d:\d\d$/).waitFor();
    await picture(page, 'restart-data-engine');
    await turn('starts', 'data-engine');
    await lights(true);
    await priceOtherThan(held);

    await turn('ends', 'gateway');
    await page.getByTestId('stream-lost').waitFor();
    const last = await price();
    await picture(page, 'restart-gateway');
    await turn('starts', 'gateway');
    await page.getByTestId('stream-lost').waitFor({ state: 'detached' });
    await lights(true);
    await priceOtherThan(last);

    assert.equal(await page.evaluate(() => globalThis.isTheSamePage), true, 'the page was not loaded anew');
    // The browser itself notes each request that nobody answered.
    assert.deepEqual(unexpected(faults, [502, 503, 'ERR_CONNECTION_REFUSED', 'ERR_EMPTY_RESPONSE', 'ERR_INCOMPLETE_CHUNKED_ENCODING', 'ERR_CONNECTION_RESET']), []);
    await close();
  });
});
