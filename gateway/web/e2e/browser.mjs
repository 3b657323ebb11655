import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

/** The gateway under test. */
export const gateway = (process.env.GOAT_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');

/** The windows that pages are looked at in. */
export const desktopLight = { name: 'desktop-light', width: 1440, height: 900, theme: 'light' };
export const desktopDark = { name: 'desktop-dark', width: 1440, height: 900, theme: 'dark' };
export const tabletLight = { name: 'tablet-light', width: 900, height: 1100, theme: 'light' };
export const tabletDark = { name: 'tablet-dark', width: 900, height: 1100, theme: 'dark' };
export const phoneLight = { name: 'phone-light', width: 390, height: 844, theme: 'light' };
export const phoneDark = { name: 'phone-dark', width: 390, height: 844, theme: 'dark' };

const shots = process.env.GOAT_SCREENSHOTS;

/** One for the tests of a file; it asks nothing of the internet. */
let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
});
after(() => browser?.close());

/** A page with the list of everything that went wrong in it, and of every foreign address it asked for. */
export async function openPage({ width, height, theme, address }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, acceptDownloads: true });
  // Beside other programs on two cores a page takes its time.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(gateway) && !/^(data|blob):/.test(url)) faults.push(`foreign: ${url}`);
  });
  await page.goto(`${gateway}${address}`);
  const close = async () => {
    // An answer that is still on its way to a page that goes is nobody's error.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  };
  return { page, faults, close };
}

/** Saves a picture when GOAT_SCREENSHOTS names a folder. */
export async function picture(page, name) {
  if (!shots) return;
  await mkdir(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

/** How many pixels the page is wider than its window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** Lets the page see this instead of what the gateway answers at a path. */
export async function answerWith(page, path, change) {
  await page.route((url) => url.pathname === path, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });
}

/** What the page noted, without the browser's own lines about answers with these statuses. */
export function unexpected(faults, statuses) {
  return faults.filter((fault) => !statuses.some((status) => fault.includes(String(status))));
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What keeps somebody from using the page, serious or critical: the rule, what it is about, and where. */
export async function barriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}: ${node.any.map((each) => each.message).join('; ')}`));
}
