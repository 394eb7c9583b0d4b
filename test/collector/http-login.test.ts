// Who calls the HTTP service: over real HTTP, with a real store.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compactVerify, createLocalJWKSet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hotp } from '../../collector/src/access/totp.ts';
import { ApiUser, fromBase32, PASSWORD } from '../support/api-user.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { ask } from '../support/http.ts';

const CONFIG = 'http:\n  listen: 127.0.0.1:0\n';
let collector: TestCollector;
let admin: ApiUser;
let nowMs = Date.now();

beforeAll(async () => {
  collector = await TestCollector.start({ config: CONFIG, nowMs: () => nowMs });
  admin = await ApiUser.first(collector);
});

afterAll(async () => {
  await collector?.[Symbol.asyncDispose]();
});

const post = (path: string, json: unknown) => ask(collector.httpUrl + path, { json });
const logIn = (name: string, password: string, code?: string) =>
  post('/api/auth/login', { name, password, ...(code && { code }) });

/** Actions in the audit log about a user, the newest first. */
async function audited(): Promise<string[]> {
  const { entries } = await collector.console.audit({ limit: 200 });
  return entries!.map(({ action }) => action!);
}

describe('the first admin', () => {
  it('is made once: the secret buys nothing afterwards, and is nowhere on the disk', async () => {
    const again = await post('/api/auth/first-admin', {
      secret: collector.firstAdminSecret,
      name: 'second',
      password: PASSWORD,
    });
    expect(again.status).toBe(401);
    const file = readFileSync(join(collector.home, 'collector', 'access', 'first-admin.json'), 'utf8');
    expect(file).not.toContain(collector.firstAdminSecret);
    expect(await audited()).toContain('user.added');
  });

  it('is one, however many ask at once', async () => {
    await using other = await TestCollector.start({ config: CONFIG });
    const make = (name: string) =>
      ask(`${other.httpUrl}/api/auth/first-admin`, {
        json: { secret: other.firstAdminSecret, name, password: PASSWORD },
      });
    const answers = await Promise.all(['ann', 'bea', 'cid', 'dan'].map(make));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(
      (await ask(`${other.httpUrl}/api/auth/first-admin`, { json: { secret: 'x', name: 'e1', password: PASSWORD } }))
        .status,
    ).toBe(401);
  });
});

describe('a login', () => {
  it('gives tokens that say who it is, signed with the key that is published', async () => {
    const me = await admin.ask('/api/auth/me');
    expect(me.body).toMatchObject({ by: 'user', user: { name: 'root-admin', role: 'admin', second_factor: false } });
    const { body: keys } = await ask(`${collector.httpUrl}/.well-known/jwks.json`);
    const { payload, protectedHeader } = await compactVerify(admin.accessToken, createLocalJWKSet(keys));
    expect(protectedHeader.alg).toBe('ML-DSA-65');
    const claims = JSON.parse(Buffer.from(payload).toString());
    expect(claims.exp - claims.iat).toBe(15 * 60);
  });

  it('of a name nobody has is refused as one with a wrong password is', async () => {
    const [unknown, wrong] = [await logIn('nobody-there', 'x'.repeat(20)), await logIn('root-admin', 'x'.repeat(20))];
    expect([unknown.status, wrong.status]).toEqual([401, 401]);
    const { correlation_id: _, ...left } = unknown.body;
    const { correlation_id: __, ...right } = wrong.body;
    expect(left).toEqual(right);
    expect([...unknown.headers.keys()]).toEqual([...wrong.headers.keys()]);
  });

  it('has to wait after some wrong passwords, whether the name exists or not', async () => {
    await admin.withRole('locked-out', 'viewer');
    for (const name of ['locked-out', 'nobody-either']) {
      const answers = [];
      for (let count = 0; count < 7; count++) answers.push(await logIn(name, 'wrong wrong wrong'));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
      expect(answers.at(-1)!.headers.get('retry-after')).toBe('1');
    }
    expect((await logIn('locked-out', PASSWORD)).status).toBe(429);
    nowMs += 1_000;
    expect((await logIn('locked-out', PASSWORD)).status).toBe(200);
    expect(await audited()).toContain('user.login_failed');
  });

  it.each([
    ['no name', { password: PASSWORD }, '/body/name'],
    ['a field there is not', { name: 'x', password: 'y', remember: true }, '/body/remember'],
    ['a number for a password', { name: 'x', password: 7 }, '/body/password'],
    ['a code of letters', { name: 'x', password: 'y', code: 'abcdef' }, '/body/code'],
    ['a list', [], '/body'],
  ])('is refused with %s, and told where', async (_, body, path) => {
    const answer = await post('/api/auth/login', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((each: { path: string }) => each.path)).toContain(path);
  });

  it.each([
    ['half a document', '{"name": "x"'],
    ['a prototype', '{"name":"x","password":"y","__proto__":{"role":"admin"}}'],
    ['a constructor', '{"name":"x","password":"y","constructor":{"prototype":{}}}'],
    ['too deep', '['.repeat(64) + ']'.repeat(64)],
  ])('is refused with a body that is %s', async (_, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(`${collector.httpUrl}/api/auth/login`, { method: 'POST', body, headers });
    expect([answer.status, answer.body.type]).toEqual([400, 'urn:threatguard:problem:invalid']);
  });

  it('is refused in another form than JSON, and beyond a mebibyte', async () => {
    const send = (type: string, body: string) =>
      ask(`${collector.httpUrl}/api/auth/login`, { method: 'POST', body, headers: { 'content-type': type } });
    expect((await send('application/x-www-form-urlencoded', 'name=x')).status).toBe(415);
    expect((await send('text/plain', '{}')).status).toBe(415);
    expect((await send('application/json', `"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  });
});

describe('a second factor', () => {
  it('counts once it is confirmed; its codes are taken once', async () => {
    const user = await admin.withRole('two-factors', 'viewer');
    const asked = await user.ask('/api/auth/second-factor', { json: { password: PASSWORD } });
    expect(asked.body.uri).toContain(asked.body.secret);
    expect((await logIn('two-factors', PASSWORD)).status).toBe(200);
    const code = () => hotp(fromBase32(asked.body.secret), Math.floor(nowMs / 30_000));
    expect((await user.ask('/api/auth/second-factor/confirm', { json: { code: '000000' } })).status).toBe(401);
    expect((await user.ask('/api/auth/second-factor/confirm', { json: { code: code() } })).status).toBe(204);
    expect((await logIn('two-factors', PASSWORD)).status).toBe(401);
    expect((await logIn('two-factors', PASSWORD, code())).status).toBe(401);
    nowMs += 30_000;
    expect((await logIn('two-factors', PASSWORD, code())).status).toBe(200);
    expect((await logIn('two-factors', PASSWORD, code())).status).toBe(401);
    expect(
      (await user.ask('/api/auth/second-factor', { method: 'DELETE', json: { password: 'wrong wrong' } })).status,
    ).toBe(401);
    expect((await user.ask('/api/auth/second-factor', { method: 'DELETE', json: { password: PASSWORD } })).status).toBe(
      204,
    );
    expect((await logIn('two-factors', PASSWORD)).status).toBe(200);
  });
});

describe('a refresh token', () => {
  it('is good once, for the next one; one that comes again ends the login for both who have it', async () => {
    const user = await admin.withRole('refreshing', 'viewer');
    const refresh = (token: string) => post('/api/auth/refresh', { refresh_token: token });
    const stolen = user.refreshToken;
    const second = await refresh(stolen);
    expect(second.status).toBe(200);
    user.take(second.body);
    expect((await user.ask('/api/auth/me')).status).toBe(200);
    expect((await refresh(stolen)).status).toBe(401);
    expect((await refresh(user.refreshToken)).status).toBe(401);
    expect((await user.ask('/api/auth/me')).status).toBe(401);
    expect(await audited()).toContain('user.refresh_token_reused');
  });

  it('is refused where its generation or its signature was changed', async () => {
    const user = await admin.withRole('forged', 'viewer');
    const [, id, , mac] = user.refreshToken.split('.');
    for (const token of [
      `tgr.${id}.2.${mac}`,
      `tgr.${id}.1.${mac!.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      'tgr',
      '',
    ]) {
      const { status } = await post('/api/auth/refresh', { refresh_token: token });
      expect(status, token).toBe(token === '' ? 400 : 401);
    }
    // Nobody was thrown out by guessing.
    expect((await user.ask('/api/auth/me')).status).toBe(200);
  });

  it('is good for a day without use', async () => {
    const user = await admin.withRole('idle', 'viewer');
    nowMs += 24 * 3_600_000;
    expect((await post('/api/auth/refresh', { refresh_token: user.refreshToken })).status).toBe(401);
    admin = await ApiUser.logIn(collector.httpUrl, 'root-admin');
  });
});

describe('a login ends at once', () => {
  it('when its user logs out', async () => {
    const user = await admin.withRole('leaving', 'viewer');
    expect((await user.ask('/api/auth/logout', { method: 'POST' })).status).toBe(204);
    expect((await user.ask('/api/auth/me')).status).toBe(401);
    expect((await post('/api/auth/refresh', { refresh_token: user.refreshToken })).status).toBe(401);
  });

  it('when its user is removed, with his tokens', async () => {
    const user = await admin.withRole('removed', 'viewer');
    const made = await user.ask('/api/tokens', { json: { scopes: ['alerts:read'] } });
    expect((await admin.ask('/api/users/removed', { method: 'DELETE' })).status).toBe(204);
    expect((await user.ask('/api/auth/me')).status).toBe(401);
    expect((await user.ask('/api/auth/me', { token: made.body.token })).status).toBe(401);
    expect((await logIn('removed', PASSWORD)).status).toBe(401);
  });

  it('when somebody else sets his password; all others do when he changes it himself', async () => {
    const [first, second] = [
      await admin.withRole('changing', 'viewer'),
      await ApiUser.logIn(collector.httpUrl, 'changing'),
    ];
    const next = 'another quiet harbour';
    expect((await first.ask('/api/auth/password', { json: { current: PASSWORD, next } })).status).toBe(204);
    expect([(await first.ask('/api/auth/me')).status, (await second.ask('/api/auth/me')).status]).toEqual([200, 401]);
    expect((await admin.ask('/api/users/changing', { method: 'PATCH', json: { password: PASSWORD } })).status).toBe(
      200,
    );
    expect((await first.ask('/api/auth/me')).status).toBe(401);
    expect((await logIn('changing', next)).status).toBe(401);
    expect((await logIn('changing', PASSWORD)).status).toBe(200);
  });

  it('when its fifteen minutes are over', async () => {
    const user = await admin.withRole('slow', 'viewer');
    nowMs += 15 * 60_000;
    expect((await user.ask('/api/auth/me')).status).toBe(401);
    const next = await post('/api/auth/refresh', { refresh_token: user.refreshToken });
    user.take(next.body);
    expect((await user.ask('/api/auth/me')).status).toBe(200);
    admin = await ApiUser.logIn(collector.httpUrl, 'root-admin');
  });
});

describe('a role', () => {
  it('says what somebody may; less from the moment it is taken away', async () => {
    const user = await admin.withRole('demoted', 'admin');
    expect((await user.ask('/api/users')).status).toBe(200);
    await admin.ask('/api/users/demoted', { method: 'PATCH', json: { role: 'viewer' } });
    expect((await user.ask('/api/users')).status).toBe(403);
    await admin.ask('/api/users/demoted', { method: 'PATCH', json: { role: 'admin' } });
    expect((await user.ask('/api/users')).status).toBe(200);
  });

  it('of the last admin stays', async () => {
    await using other = await TestCollector.start({ config: CONFIG });
    const only = await ApiUser.first(other);
    expect((await only.ask('/api/users/root-admin', { method: 'PATCH', json: { role: 'viewer' } })).status).toBe(409);
    expect((await only.ask('/api/users/root-admin', { method: 'DELETE' })).status).toBe(409);
  });

  it.each([
    ['a role there is not', { name: 'x1', role: 'root', password: PASSWORD }, 400, '/body/role'],
    ['a name with markup', { name: '<b>x</b>', role: 'viewer', password: PASSWORD }, 400, undefined],
    ['a short password', { name: 'x2', role: 'viewer', password: 'short' }, 400, undefined],
    ['a name somebody has', { name: 'Root-Admin', role: 'viewer', password: PASSWORD }, 409, undefined],
  ])('is given to no user with %s', async (_, body, status, path) => {
    const answer = await admin.ask('/api/users', { json: body });
    expect(answer.status).toBe(status);
    if (path) expect(answer.body.errors[0].path).toBe(path);
  });
});

describe('a token for a script', () => {
  it('may what it was made for, and nothing else', async () => {
    const made = await admin.ask('/api/tokens', { json: { scopes: ['rules:read'], label: 'nightly' } });
    expect(made.body.token).toMatch(/^tgs_[0-9a-f]{16}_[\w-]{43}$/);
    const { token } = made.body;
    expect((await admin.ask('/api/threat/rules', { token })).status).toBe(200);
    expect((await admin.ask('/api/users', { token })).status).toBe(403);
    expect((await admin.ask('/api/auth/logout', { token, method: 'POST' })).status).toBe(409);
    const listed = await admin.ask('/api/tokens');
    expect(JSON.stringify(listed.body)).not.toContain(token.slice(21));
    expect((await admin.ask(`/api/tokens/${made.body.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await admin.ask('/api/threat/rules', { token })).status).toBe(401);
  });

  it('cannot make one that may more than it may itself, nor can a user', async () => {
    const viewer = await admin.withRole('token-maker', 'viewer');
    const more = await viewer.ask('/api/tokens', { json: { scopes: ['users:write'] } });
    expect(more.status).toBe(403);
    const small = await viewer.ask('/api/tokens', { json: { scopes: ['rules:read'] } });
    const fromToken = { token: small.body.token, json: { scopes: ['alerts:read'] } };
    expect((await viewer.ask('/api/tokens', fromToken)).status).toBe(403);
    expect((await viewer.ask('/api/tokens', { json: { scopes: ['rules:read'], user: 'root-admin' } })).status).toBe(
      403,
    );
  });

  it('of somebody else is neither seen nor removed, and not known to be there', async () => {
    const made = await admin.ask('/api/tokens', { json: { scopes: ['rules:read'] } });
    const viewer = await admin.withRole('onlooker', 'viewer');
    expect((await viewer.ask('/api/tokens')).body.tokens).toEqual([]);
    const other = await viewer.ask(`/api/tokens/${made.body.id}`, { method: 'DELETE' });
    const nobodys = await viewer.ask(`/api/tokens/${'0'.repeat(16)}`, { method: 'DELETE' });
    expect([other.status, other.body.detail]).toEqual([nobodys.status, nobodys.body.detail]);
    expect(other.status).toBe(404);
  });

  it('ends on its day', async () => {
    const made = await admin.ask('/api/tokens', { json: { scopes: ['rules:read'], valid_days: 1 } });
    nowMs += 24 * 3_600_000;
    expect((await admin.ask('/api/threat/rules', { token: made.body.token })).status).toBe(401);
    admin = await ApiUser.logIn(collector.httpUrl, 'root-admin');
  });
});

describe('what is known', () => {
  it('is there after a restart: users, logins, tokens', async () => {
    const home = await initTestHome();
    const first = await TestCollector.start({ home, config: CONFIG });
    const user = await ApiUser.first(first);
    const made = await user.ask('/api/tokens', { json: { scopes: ['rules:read'] } });
    await first[Symbol.asyncDispose]();
    await using second = await TestCollector.start({ home, config: CONFIG });
    expect((await ask(`${second.httpUrl}/api/auth/me`, { token: user.accessToken })).status).toBe(200);
    expect((await ask(`${second.httpUrl}/api/auth/me`, { token: made.body.token })).body.by).toBe('token');
    const refreshed = await ask(`${second.httpUrl}/api/auth/refresh`, { json: { refresh_token: user.refreshToken } });
    expect(refreshed.status).toBe(200);
    await second[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });

  it('needs both signatures where tokens have two', async () => {
    await using other = await TestCollector.start({ config: `${CONFIG}  tokens: hybrid\n` });
    const user = await ApiUser.first(other);
    expect((await user.ask('/api/auth/me')).status).toBe(200);
    const general = JSON.parse(Buffer.from(user.accessToken, 'base64url').toString());
    const half = Buffer.from(JSON.stringify({ ...general, signatures: [general.signatures[0]] })).toString('base64url');
    expect((await user.ask('/api/auth/me', { token: half })).status).toBe(401);
    const { body } = await ask(`${other.httpUrl}/.well-known/jwks.json`);
    expect(body.keys.map(({ alg }: { alg: string }) => alg)).toEqual(['ML-DSA-65', 'RS256']);
  });
});
