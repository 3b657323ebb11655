// Takes the guide's pictures of a running gateway: GOAT_URL=http://127.0.0.1:8000 npm run pictures
import { fileURLToPath } from 'node:url';
import { it } from 'node:test';
import { desktopDark, desktopLight, openPage, phoneLight } from './browser.mjs';

const folder = fileURLToPath(new URL('../../pictures/', import.meta.url));

/** What is taken: the file's name, where it is, what has to be there first, and in which window. */
const shots = [
  ['overview', '/#overview', '[data-testid="account-today"] dl', desktopDark],
  ['positions', '/#positions', '[data-testid="position"]', desktopLight],
  ['decisions', '/#decisions', '[data-testid="funnel"] tbody tr', desktopLight],
  ['plays', '/#plays', '[data-testid="plays-table"]', desktopLight],
  ['wallets', '/#wallets', '[data-testid="wallet"]', desktopLight],
  ['market', '/#market', '[data-testid="active-cycle"]', desktopDark],
  ['strategies', '/#strategies', '[data-testid="candles"] svg', desktopLight],
  ['feeds', '/#feeds', '[data-testid="job"]', desktopLight],
  ['sql', '/#sql', '[data-testid="sql-table"]', desktopLight],
  ['posts', '/#posts', '[data-testid="post-parts"]', desktopLight],
  ['phone', '/#market', '[data-testid="active-cycle"]', phoneLight],
];

for (const [name, address, whole, view] of shots) {
  it(name, async () => {
    const { page, close } = await openPage({ ...view, address });
    await page.locator(whole).first().waitFor();
    if (name === 'sql') await page.getByRole('button', { name: 'Run query' }).click();
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {});
    await page.waitForTimeout(2_000);
    await page.screenshot({ path: `${folder}${name}.png` });
    await close();
  });
}
