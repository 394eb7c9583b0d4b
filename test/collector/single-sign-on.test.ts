// Single sign-on on the admin page: with a real provider of OpenID Connect, over real HTTP. What a provider never sends is
// made of what it sent, on the way.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair, type JWTPayload } from 'jose';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OidcProvider } from '../../collector/src/access/oidc/provider.ts';
import { readSingleSignOn } from '../../collector/src/access/oidc/read-single-sign-on.ts';
import { oidcSettings } from '../../collector/src/access/oidc/settings.ts';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { ApiUser, PASSWORD } from '../support/api-user.ts';
import { freePort } from '../support/child-server.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { Browser, CLIENT_ID, CLIENT_SECRET, oidcText, TestProvider } from '../support/oidc.ts';
import { makeCertificates } from '../support/test-certificates.ts';

const CHROMIUM = '/usr/bin/chromium';
let provider: TestProvider;
let collector: TestCollector;
let admin: ApiUser;
let callback: string;
let browser: Browser;
let nowMs = Date.now();

const ROLES = { 'soc-admins': 'admin', 'soc-analysts': 'analyst', 'soc-readers': 'viewer' };

beforeAll(async () => {
  provider = await TestProvider.start();
  // Known before it listens: the provider has to be told where browsers are sent back to.
  const port = await freePort();
  callback = `http://127.0.0.1:${port}/admin/oidc/callback`;
  provider.serve(callback);
  const home = await initTestHome();
  const at = `127.0.0.1:${port}`;
  const config = `http:\n  listen: ${at}\n  public_url: http://${at}\n${provider.textFor(home, ROLES)}`;
  collector = await TestCollector.start({ home, config, nowMs: () => nowMs });
  admin = await ApiUser.first(collector);
  Object.assign(provider.groups, { ana: ['everyone', 'soc-readers', 'soc-analysts'], guest: ['everyone'] });
});
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  // What was refused before is forgiven.
  nowMs += 5_000;
  browser = new Browser();
  provider.change = undefined;
});

const begin = () => `${collector.httpUrl}/admin/oidc/begin`;
const signIn = (name: string) => browser.signIn(begin(), name, callback);
const problemOf = async (response: Response) =>
  /role="alert"[^>]*>([^<]*)</.exec(await response.text())?.[1]?.replaceAll('&#39;', "'");
const userNamed = async (name: string) =>
  (await admin.ask('/api/users')).body.users.find((user: { name: string }) => user.name === name);

describe('a login at the provider', () => {
  it('makes a user with the highest role of his groups, and shows him the page', async () => {
    const answer = await browser.ask(await signIn('ana'));
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('url=/admin"')]);
    expect(answer.headers.getSetCookie()).toContainEqual(
      expect.stringMatching(/^threatguard=.*HttpOnly; SameSite=Strict/),
    );
    const page = await browser.ask(`${collector.httpUrl}/admin`);
    expect(await page.text()).toContain('<span>ana</span>');
    expect(await userNamed('ana')).toMatchObject({ role: 'analyst', source: provider.issuer });
    const { entries } = await collector.console.audit({ limit: 20 });
    expect(entries!.map(({ action }) => action)).toEqual(expect.arrayContaining(['user.added', 'user.logged_in']));
  });

  it('gives the role of the groups of now, each time', async () => {
    await browser.ask(await signIn('ana'));
    provider.groups.ana = ['soc-readers'];
    expect((await browser.ask(await new Browser().signIn(begin(), 'ana', callback))).status).toBe(401);
    await browser.ask(await signIn('ana'));
    expect(await userNamed('ana')).toMatchObject({ role: 'viewer' });
    provider.groups.ana = ['soc-analysts'];
  });

  it('ends the logins of whoever lost his groups, the only admin or not', async () => {
    provider.groups.eva = ['soc-admins'];
    expect((await browser.ask(await signIn('eva'))).status).toBe(200);
    const before = new Map(browser.cookies);
    provider.groups.eva = [];
    const refused = await browser.ask(await signIn('eva'));
    expect(refused.status).toBe(403);
    expect(await problemOf(refused)).toContain('eva is in no group that has a role here');
    const old = new Browser();
    old.cookies.set('threatguard', before.get('threatguard')!);
    expect((await old.ask(`${collector.httpUrl}/admin`)).status).toBe(303);
    expect(await userNamed('eva')).toMatchObject({ role: 'none', scopes: [] });
  });

  it('is left on the page, and local accounts still log in', async () => {
    await browser.ask(await signIn('ana'));
    const text = await (await browser.ask(`${collector.httpUrl}/admin`)).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)![1]!;
    const { refreshToken } = provider;
    const left = await browser.ask(`${collector.httpUrl}/admin/logout`, { csrf });
    expect([left.status, await left.text()]).toEqual([
      200,
      expect.stringContaining('You are logged out of ThreatGuard'),
    ]);
    expect((await browser.ask(`${collector.httpUrl}/admin`)).status).toBe(303);
    expect(await provider.refresh(refreshToken)).toBe('invalid_grant');
    const form = { name: 'root-admin', password: PASSWORD };
    expect((await browser.ask(`${collector.httpUrl}/admin/login`, form)).headers.get('location')).toBe('/admin');
  });

  it('is left at the provider too, which sends the browser back and asks for the password next time', async () => {
    await browser.ask(await signIn('ana'));
    const csrf = /name="csrf" value="([^"]+)"/.exec(
      await (await browser.ask(`${collector.httpUrl}/admin`)).text(),
    )![1]!;
    const left = await (await browser.ask(`${collector.httpUrl}/admin/logout`, { csrf })).text();
    const link = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(left)![1]!.replaceAll('&#38;', '&');
    expect(link.startsWith(`${provider.issuer}/session/end?`)).toBe(true);
    const asks = await (await browser.ask(link)).text();
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(asks)![1]!;
    const form = { xsrf, logout: 'yes' };
    const back = await browser.follow(
      `${provider.issuer}/session/end/confirm`,
      `${collector.httpUrl}/admin/login`,
      form,
    );
    expect(back.at).toBe(`${collector.httpUrl}/admin/login`);
    const again = await browser.follow(begin(), callback);
    expect(await again.response!.text()).toContain('name="login"');
  });

  it('is left here also where the provider does not answer', async () => {
    await browser.ask(await signIn('ana'));
    const csrf = /name="csrf" value="([^"]+)"/.exec(
      await (await browser.ask(`${collector.httpUrl}/admin`)).text(),
    )![1]!;
    provider.deaf = true;
    try {
      expect((await browser.ask(`${collector.httpUrl}/admin/logout`, { csrf })).status).toBe(303);
    } finally {
      provider.deaf = false;
    }
    expect((await browser.ask(`${collector.httpUrl}/admin`)).status).toBe(303);
  });

  it('never becomes a local account of the same name, nor gets a password of its own', async () => {
    provider.groups['root-admin'] = ['soc-admins'];
    const refused = await browser.ask(await signIn('root-admin'));
    expect([refused.status, await problemOf(refused)]).toEqual([
      409,
      expect.stringContaining('another user has the name'),
    ]);
    await new Browser().ask(await signIn('ana'));
    const changed = await admin.ask('/api/users/ana', { method: 'PATCH', json: { password: PASSWORD } });
    expect(changed.status).toBe(409);
  });
});

describe('a login is refused', () => {
  /** As somebody who came back; each is told on the page, and has no session. */
  async function expectRefused(url: string, status: number, problem: RegExp): Promise<void> {
    const answer = await browser.ask(url);
    expect([answer.status, await problemOf(answer)]).toEqual([status, expect.stringMatching(problem)]);
    expect(browser.cookies.has('threatguard')).toBe(false);
  }

  const NOT_PROVEN = /^what the provider sent does not prove who this is$/;
  const NOT_BEGUN = /^this login was not begun in this browser/;

  it('with another state', async () => {
    const url = new URL(await signIn('ana'));
    url.searchParams.set('state', 'guessed');
    await expectRefused(url.href, 401, NOT_PROVEN);
  });

  it('in a browser that did not begin it, which somebody else sent there', async () => {
    const url = await signIn('ana');
    browser = new Browser();
    await expectRefused(url, 401, NOT_BEGUN);
    // One that began a login of its own.
    await browser.ask(begin());
    await expectRefused(url, 401, NOT_PROVEN);
  });

  it('with a code that was used', async () => {
    const url = await signIn('ana');
    const kept = browser.cookies.get('threatguard-login')!;
    expect((await browser.ask(url)).status).toBe(200);
    browser = new Browser();
    browser.cookies.set('threatguard-login', kept);
    await expectRefused(url, 401, NOT_BEGUN);
    // In a login of one's own: the provider knows the code, and whose verifier it needs.
    const own = await signIn('ana');
    const mixed = new URL(own);
    mixed.searchParams.set('code', new URL(url).searchParams.get('code')!);
    await expectRefused(mixed.href, 401, /^the provider refused: invalid_grant$/);
  });

  it('with a cookie that is cut, changed or too old', async () => {
    for (const change of [(text: string) => text.slice(0, 8), (text: string) => `${text.slice(0, -4)}AAAA`]) {
      const url = await signIn('ana');
      browser.cookies.set('threatguard-login', change(browser.cookies.get('threatguard-login')!));
      await expectRefused(url, 401, NOT_BEGUN);
    }
  });

  it('by the provider, in a word and no more', async () => {
    await browser.ask(begin());
    const back = (error: string) =>
      `${callback}?error=${encodeURIComponent(error)}&iss=${encodeURIComponent(provider.issuer)}`;
    await expectRefused(back('<script>alert(1)</script>'), 401, NOT_PROVEN);
    const location = (await browser.ask(begin())).headers.get('location')!;
    const state = new URL(location).searchParams.get('state')!;
    await expectRefused(`${back('access_denied')}&state=${state}`, 401, /^the provider refused: access_denied$/);
  });

  const changes: [string, (claims: JWTPayload) => Promise<string> | string, RegExp][] = [
    ['another nonce', (claims) => provider.sign({ ...claims, nonce: 'another' }), NOT_PROVEN],
    ['no nonce', ({ nonce: _, ...claims }) => provider.sign(claims), NOT_PROVEN],
    ['another audience', (claims) => provider.sign({ ...claims, aud: 'another' }), NOT_PROVEN],
    [
      'several audiences and no party',
      (claims) => provider.sign({ ...claims, aud: [CLIENT_ID, 'another'] }),
      NOT_PROVEN,
    ],
    [
      'another authorised party',
      (claims) => provider.sign({ ...claims, azp: 'another' }),
      /another client \(claim azp\)$/,
    ],
    ['another issuer', (claims) => provider.sign({ ...claims, iss: 'http://127.0.0.1:1' }), NOT_PROVEN],
    ['its time over', (claims) => provider.sign({ ...claims, exp: Date.now() / 1000 - 60 }), NOT_PROVEN],
    ['a time to come', (claims) => provider.sign({ ...claims, nbf: Date.now() / 1000 + 90 }), NOT_PROVEN],
    ['no signature', (claims) => provider.unsigned(claims), NOT_PROVEN],
    [
      'the signature of another key',
      async (claims) => provider.sign(claims, 'RS256', (await generateKeyPair('RS256')).privateKey),
      NOT_PROVEN,
    ],
    [
      'a signature by our own secret',
      (claims) => provider.sign(claims, 'HS256', Buffer.from(CLIENT_SECRET)),
      NOT_PROVEN,
    ],
    ['no name and no way to ask', (claims) => provider.sign({ ...claims, sub: 'somebody-else' }), NOT_PROVEN],
    ['no ID token', () => '', NOT_PROVEN],
  ];
  it.each(changes)('with an ID token that has %s', async (_, change, problem) => {
    provider.change = change;
    await expectRefused(await signIn('ana'), 401, problem);
  });

  it('but one that is a little late is taken', async () => {
    provider.change = (claims) => provider.sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 10 });
    expect((await browser.ask(await signIn('ana'))).status).toBe(200);
  });

  it.each([
    ['of a group without a role', 'guest', ['everyone']],
    ['of no group', 'nobody', undefined],
    ['whose groups are no list', 'odd', { 'soc-admins': true }],
    ['whose group is only like one', 'near', ['SOC-ADMINS', 'soc-admins ', '__proto__', 'constructor']],
  ])('of somebody %s, and nobody is made', async (_, name, groups) => {
    provider.groups[name] = groups;
    await expectRefused(await signIn(name), 403, /is in no group that has a role here/);
    expect(await userNamed(name)).toBeUndefined();
  });
});

describe('the configuration', () => {
  const read = (oidc: string) =>
    readCollectorConfig({ file: 'test', text: `http: { oidc: { ${oidc} } }`, environment: {} });

  it.each([
    ['plain HTTP', 'issuer: "http://id.example", client_id: x, roles: { a: admin }', /must be https/],
    [
      'plain HTTP elsewhere',
      'issuer: "http://id.example", client_id: x, roles: { a: admin }, insecure_loopback: true',
      /must be https/,
    ],
    [
      'plain HTTP on this host, unsaid',
      'issuer: "http://127.0.0.1:1", client_id: x, roles: { a: admin }',
      /must be https/,
    ],
    ['no groups', 'issuer: "https://id.example", client_id: x, roles: {}', /names no group/],
    ['a role there is not', 'issuer: "https://id.example", client_id: x, roles: { a: root }', /roles/],
    ['no openid', 'issuer: "https://id.example", client_id: x, roles: { a: admin }, scopes: [email]', /openid must be/],
    [
      'the secret itself',
      'issuer: "https://id.example", client_id: x, client_secret: s, roles: { a: admin }',
      /client_secret/,
    ],
  ])('is refused with %s', (_, oidc, problem) => {
    expect(() => read(oidc)).toThrow(problem);
  });

  it('names a file with the secret that cannot be read', async () => {
    const oidc = oidcText({ issuer: 'https://id.example', secretFile: '/nowhere/secret', roles: ROLES });
    const { http } = readCollectorConfig({ file: 'test', text: `http:\n${oidc}`, environment: {} });
    await expect(readSingleSignOn(http)).rejects.toThrow('/nowhere/secret cannot be read (ENOENT)');
  });
});

describe('a provider whose certificate is of a CA of its own', () => {
  const settings = (issuer: string, more: object = {}) =>
    oidcSettings.parse({ issuer, client_id: CLIENT_ID, roles: { a: 'admin' }, ...more });
  const faultOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'none',
      (error: Error) => error.message,
    );

  it('is spoken to where http.oidc.ca_file names it, and to nobody else the CA vouches for', async () => {
    using certificates = await makeCertificates();
    using others = await makeCertificates();
    await using secured = await TestProvider.start(certificates.server);
    secured.serve('http://127.0.0.1:1/admin/oidc/callback');
    const client = async (ca_file?: string) => {
      const oidc = settings(secured.issuer, ca_file ? { ca_file } : {});
      const parts = (await readSingleSignOn({ oidc }))!;
      return new OidcProvider({ ...parts, secret: CLIENT_SECRET, nowMs: Date.now });
    };
    expect(await (await client(certificates.ca)).beginDevice()).toMatchObject({ userCode: expect.stringMatching(/./) });
    for (const ca of [undefined, others.ca]) {
      const fault = await faultOf((await client(ca)).check());
      expect(fault).toMatch(/does not verify \([A-Z_]+\); name its CA in http\.oidc\.ca_file/);
    }
  });

  it.each([
    ['is not there', undefined, /ca_file: .* cannot be read \(ENOENT\)/],
    ['is empty', '', /ca_file: .* is empty/],
    ['has no certificate', 'a note', /ca_file: .* has no certificate/],
    ['has a broken one', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', /cannot be read/],
  ])('keeps the collector from starting where the file %s', async (_, text, problem) => {
    const file = join(collector.home, 'ca.pem');
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
    await expect(readSingleSignOn({ oidc: settings('https://id.example', { ca_file: file }) })).rejects.toThrow(
      problem,
    );
  });

  it('is not for plain HTTP', () => {
    expect(() => settings('http://127.0.0.1:1', { insecure_loopback: true, ca_file: 'x' })).toThrow('is for https');
  });
});

describe.skipIf(!existsSync(CHROMIUM))('in Chromium', () => {
  it('an analyst logs in at the provider and is on the page, with a cookie no other site sends', async () => {
    const running = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    try {
      const page = await running.newPage();
      await page.goto(`${collector.httpUrl}/admin`);
      await page.getByRole('link', { name: /^Log in at 127\.0\.0\.1/ }).click();
      await page.fill('input[name=login]', 'ana');
      await page.fill('input[name=password]', 'x');
      await page.click('button[type=submit]');
      await page.click('button[type=submit]');
      await page.waitForURL('**/admin');
      expect(await page.locator('header').textContent()).toContain('ana');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.waitForURL(`${provider.issuer}/session/end?*`);
      await page.click('button[value=yes]');
      await page.waitForURL('**/admin/login');
    } finally {
      await running.close();
    }
  });
});

describe('later', () => {
  it('a login that was vouched for ends after its hours, however much it is used', async () => {
    await browser.ask(await signIn('ana'));
    for (let hour = 0; hour < 12; hour++) {
      expect((await browser.ask(`${collector.httpUrl}/admin`)).status).toBe(200);
      nowMs += 3_600_000;
    }
    expect((await browser.ask(`${collector.httpUrl}/admin`)).status).toBe(303);
  });

  it('a login that took too long is refused', async () => {
    const url = await signIn('ana');
    nowMs += 601_000;
    expect((await browser.ask(url)).status).toBe(401);
  });

  it('while the provider is down it is said, and local accounts do not mind', async () => {
    nowMs += 3_600_000;
    await provider[Symbol.asyncDispose]();
    const answer = await browser.ask(begin());
    expect([answer.status, await problemOf(answer)]).toEqual([503, expect.stringContaining('does not answer')]);
    const local = await browser.ask(`${collector.httpUrl}/admin/login`, { name: 'root-admin', password: PASSWORD });
    expect(local.status).toBe(303);
  });
});
