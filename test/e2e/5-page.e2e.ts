/** What a person sees. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { cutBorder, mendBorder } from '../../scripts/machine/network';
import { until } from '../../scripts/machine/until';
import { page as address, openLab, writePlaces } from './support/labs';

const { lab } = openLab();
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
  ];
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', ...quiet],
  });
  page = await browser.newPage();
});
afterAll(async () => {
  await mendBorder(lab);
  await browser?.close();
});

const text = async (id: string) => (await page.getByTestId(id).first().textContent({ timeout: 10_000 })) ?? '';

test('shows the weather of Helsinki, and the info card with who answered', async () => {
  await page.goto(address);
  expect(await text('weather-card')).toContain('Helsinki');
  expect(await text('temperature')).toMatch(/-?\d+/);
  expect(await text('info-card')).toContain('658,864');
  expect(await text('provenance-weather')).toContain('spiffe://cluster.local/ns/backend/sa/backend');
  expect(await text('provenance-info')).toContain('/ns/default/dc/dc1/svc/info');
  expect(await text('provenance-info')).toContain('/ns/default/dc/istio/svc/backend');
});

test("changing info's data changes the card", async () => {
  writePlaces((places) => places.replace('658864', '658865'));
  const changed = async () => {
    await page.reload();
    return (await text('info-card')).includes('658,865');
  };
  expect(await until(changed, { timeout: 30_000 })).toBe(true);
});

test('with the border cut the weather stays and the card says that info is out of reach', async () => {
  await cutBorder(lab);
  await page.reload();
  expect(await text('info-error')).toContain("info can't be reached");
  expect(await text('temperature')).toMatch(/-?\d+/);
  await mendBorder(lab);
  const back = async () => {
    await page.reload();
    return (await text('info-card')).includes('658,865');
  };
  expect(await until(back, { timeout: 60_000 })).toBe(true);
});
