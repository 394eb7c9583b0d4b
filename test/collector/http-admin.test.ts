// The admin page: as a browser has it, and as somebody who means harm sends it.
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html } from '../../collector/src/http/pages/html.ts';
import { ApiUser, PASSWORD } from '../support/api-user.ts';
import { TestCollector } from '../support/collector.ts';

const CHROMIUM = '/usr/bin/chromium';
let collector: TestCollector;

beforeAll(async () => {
  collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
  await ApiUser.first(collector, 'ada');
  await collector.enrol('web-1');
});
afterAll(() => collector?.[Symbol.asyncDispose]());

const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(collector.httpUrl + path, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers });
const logIn = (headers?: Record<string, string>) =>
  form('/admin/login', { name: 'ada', password: PASSWORD, code: '' }, headers);
const cookieOf = (response: Response) => response.headers.get('set-cookie')!.split(';')[0]!;
const get = (path: string, cookie = '') => fetch(collector.httpUrl + path, { redirect: 'manual', headers: { cookie } });

describe('a page', () => {
  it.each(['/admin', '/admin/agents', '/admin/keys', '/admin/console'])(
    'sends who is not logged in to log in: %s',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/login']);
    },
  );

  it('has a cookie that no script reads, no other site sends, and nobody makes himself', async () => {
    const answer = await logIn();
    expect(answer.status).toBe(303);
    const set = answer.headers.get('set-cookie')!;
    expect(set).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=86400/);
    const cookie = cookieOf(answer);
    expect((await get('/admin', cookie)).status).toBe(200);
    for (const wrong of [
      `${cookie}x`,
      cookie.replace(/=./, (first) => (first === '=0' ? '=1' : '=0')),
      cookie.split('.')[0]!,
      'threatguard=',
      'threatguard=.',
    ]) {
      expect((await get('/admin', wrong)).status, wrong).toBe(303);
    }
    // It is for pages: the API takes none.
    expect((await get('/api/users', cookie)).status).toBe(401);
  });

  it.each([
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a form of a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['a form of another origin', { origin: 'https://elsewhere.example' }],
    ['a form of no origin', { origin: 'null' }],
  ])('refuses %s', async (_, headers) => {
    expect((await logIn(headers)).status).toBe(403);
  });

  it('is left only by a form of its own', async () => {
    const cookie = cookieOf(await logIn());
    expect((await form('/admin/logout', { csrf: 'guessed' }, { cookie })).status).toBe(403);
    const csrf = /name="csrf" value="([^"]+)"/.exec(await (await get('/admin', cookie)).text())![1]!;
    const other = cookieOf(await logIn());
    expect((await form('/admin/logout', { csrf }, { cookie: other })).status).toBe(403);
    expect((await form('/admin/logout', { csrf }, { cookie })).status).toBe(303);
    expect((await get('/admin', cookie)).status).toBe(303);
    expect((await get('/admin', other)).status).toBe(200);
  });

  it('takes a form that is one', async () => {
    expect((await form('/admin/login', { name: 'ada' })).status).toBe(400);
    expect((await form('/admin/login', { name: 'ada', password: 'x', code: '', more: '1' })).status).toBe(400);
    expect((await form('/admin/login', { name: 'ada', password: 'x'.repeat(5_000), code: '' })).status).toBe(413);
  });

  it('shows what somebody sent as text', () => {
    expect(html`<p title="${'"><script>'}">${['<b>', html`<i>`, 0, undefined, false]}</p>`.text).toBe(
      '<p title="&#34;&#62;&#60;script&#62;">&#60;b&#62;<i>0</p>',
    );
  });
});

describe.skipIf(!existsSync(CHROMIUM))('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    page = await browser.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => {
      const { errorText = '' } = request.failure() ?? {};
      // What a page still loads when the next one is asked for.
      if (errorText !== 'net::ERR_ABORTED') complaints.push(`${errorText}: ${request.url()}`);
    });
  });
  afterAll(() => browser?.close());

  /** What a screen reader and a keyboard need of every page. */
  async function expectAccessible(): Promise<void> {
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.title()).toMatch(/ - ThreatGuard$/);
    for (const input of await page.locator('input:not([type=hidden])').all()) {
      expect(await page.locator(`label[for="${await input.getAttribute('id')}"]`).count()).toBe(1);
    }
    for (const table of await page.locator('table').all()) {
      expect(await table.locator('caption').count()).toBe(1);
      expect(await table.locator('th:not([scope])').count()).toBe(0);
    }
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    // A window of 1280 at 400 % (WCAG 2.2, 1.4.10): nothing is read by scrolling sideways but tables.
    await page.setViewportSize({ width: 320, height: 256 });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    await page.setViewportSize({ width: 1280, height: 720 });
    expect(width, page.url()).toBe(320);
  }

  it('an administrator logs in, sees status, agents, keys and how to get the console, and logs out', async () => {
    await page.goto(`${collector.httpUrl}/admin`);
    await expectAccessible();
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill('wrong wrong wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('name, password or code is wrong');
    expect(await page.getByLabel('Name').inputValue()).toBe('ada');
    // What a browser says of a page it was refused.
    complaints.splice(0, complaints.length, ...complaints.filter((each) => !/status of 401/.test(each)));
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin');
    await expectAccessible();
    expect(await page.locator('main').textContent()).toContain('The collector is up.');
    expect(await page.getByRole('row', { name: /store/ }).first().textContent()).toContain('up');
    await page.getByRole('link', { name: 'Agents' }).click();
    await expectAccessible();
    expect(await page.getByRole('row', { name: /web-1/ }).count()).toBe(1);
    await page.getByRole('link', { name: 'Keys' }).click();
    await expectAccessible();
    expect(await page.getByRole('row', { name: /ML-KEM-768/ }).count()).toBe(1);
    await page.getByRole('link', { name: 'Console' }).click();
    await expectAccessible();
    await page.getByRole('link', { name: 'API', exact: true }).click();
    await expectAccessible();
    expect(await page.locator('section').count()).toBeGreaterThan(20);
    await page.goBack();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL('**/admin/login');
    await page.goto(`${collector.httpUrl}/admin/agents`);
    expect(page.url()).toContain('/admin/login');
    expect(complaints).toEqual([]);
  });
});
