// Calls of consoles as people make them: logging in over gRPC, what each role may, and what is left when a login ends.
import { Client, Metadata, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import * as contract from '@threatguard/proto';
import { consoleService, loginService, triageService, usersService } from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceLogins } from '../../collector/src/access/oidc/device-logins.ts';
import { OidcProvider } from '../../collector/src/access/oidc/provider.ts';
import { oidcSettings } from '../../collector/src/access/oidc/settings.ts';
import { ROLES, type Scope } from '../../collector/src/access/scopes.ts';
import { isForConsoles } from '../../collector/src/ingest/authorisation.ts';
import { mustHaveScopes, RPC_SCOPES } from '../../collector/src/ingest/rpc-scopes.ts';
import { consoleIdentityOf } from '../support/agent-identity.ts';
import { ApiUser, PASSWORD } from '../support/api-user.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { Browser, CLIENT_ID, CLIENT_SECRET, TestProvider } from '../support/oidc.ts';
import { until } from '../support/until.ts';

type Method = MethodDefinition<object, object>;

/** A console with whatever metadata it likes. */
class Caller implements Disposable {
  readonly #client: Client;
  readonly metadata = new Metadata();

  constructor(collector: TestCollector, token?: string) {
    const credentials = collectorCredentials(consoleIdentityOf(collector.home));
    this.#client = new Client(collector.address, credentials, CHANNEL_OPTIONS);
    if (token) this.metadata.set('authorization', `Bearer ${token}`);
  }

  ask<Request, Response>(method: MethodDefinition<Request, Response>, request: Request): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: Response) => (error ? reject(error) : resolve(response!));
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, this.metadata, done);
    });
  }

  /** The status a call ends with, whatever else it answers. */
  async statusOf<Request, Response>(method: MethodDefinition<Request, Response>, request: Request) {
    try {
      await this.ask(method, request);
      return { code: status.OK, details: '' };
    } catch (error) {
      const { code, details } = error as ServiceError;
      return { code, details };
    }
  }

  watch() {
    const { path, requestSerialize, responseDeserialize } = consoleService.watchAlerts;
    const seen: { open: boolean; ended?: ServiceError } = { open: false };
    const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {}, this.metadata);
    stream.on('metadata', () => {
      seen.open = true;
    });
    stream.on('error', (error: ServiceError) => {
      seen.ended = error;
    });
    stream.resume();
    return seen;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

const METHODS = Object.entries(contract)
  .filter(([name]) => name.endsWith('Service'))
  .flatMap(([, service]) => Object.values(service as Record<string, Method>))
  .filter(({ path }) => isForConsoles(path));
const nameOf = ({ path }: { path: string }) => path.replace('/threatguard.v1.', '');

describe('the table of what each call needs', () => {
  it('has every call of every service for consoles, and no other', () => {
    expect(METHODS.map(nameOf).sort()).toEqual(Object.keys(RPC_SCOPES).sort());
  });

  it('keeps a collector from starting with a call that does not stand in it', () => {
    const method = { ...consoleService.getStatus, path: '/threatguard.v1.Console/GetSecrets' };
    expect(() => mustHaveScopes({ getSecrets: method })).toThrow('Console/GetSecrets');
  });
});

describe('a console whose certificate may everything', () => {
  let collector: TestCollector;
  let admin: ApiUser;
  const callers: Record<string, Caller> = {};

  beforeAll(async () => {
    collector = await TestCollector.start({ config: 'http:\n  listen: 127.0.0.1:0\n' });
    admin = await ApiUser.first(collector, 'ada');
    for (const role of ['viewer', 'analyst']) {
      const { accessToken } = await admin.withRole(role, role);
      callers[role] = new Caller(collector, accessToken);
    }
    callers.nobody = new Caller(collector);
  });
  afterAll(async () => {
    for (const caller of Object.values(callers)) caller[Symbol.dispose]();
    await collector?.[Symbol.asyncDispose]();
  });

  it('does as ever without a login', async () => {
    expect((await callers.nobody!.ask(consoleService.getStatus, {})).version).toBeTruthy();
    const me = await callers.nobody!.ask(loginService.whoAmI, {});
    expect(me).toMatchObject({ kind: 'certificate', role: 'admin' });
  });

  it.each(['viewer', 'analyst'] as const)(
    'with the login of one who is %s is refused every call of more',
    async (role) => {
      const caller = callers[role]!;
      for (const method of METHODS) {
        const needed = RPC_SCOPES[nameOf(method)]!;
        if (needed === 'certificate' || (ROLES[role] as readonly Scope[]).includes(needed)) continue;
        const { code, details } = await caller.statusOf(method, {});
        expect([nameOf(method), code]).toEqual([nameOf(method), status.PERMISSION_DENIED]);
        expect(details).toMatch(
          new RegExp(
            `^this needs the role (analyst|admin); you are ${role} \\(${role}\\); "threatguard login" as someone else$`,
          ),
        );
      }
    },
  );

  it('with a login may what its role may', async () => {
    expect((await callers.viewer!.statusOf(consoleService.listAlerts, {})).code).toBe(status.OK);
    expect((await callers.viewer!.statusOf(consoleService.searchEvents, {})).code).toBe(status.PERMISSION_DENIED);
    expect((await callers.analyst!.statusOf(consoleService.searchEvents, {})).code).toBe(status.OK);
    expect((await callers.analyst!.statusOf(triageService.act, {})).code).not.toBe(status.PERMISSION_DENIED);
    const me = await callers.viewer!.ask(loginService.whoAmI, {});
    expect(me).toMatchObject({ kind: 'user', name: 'viewer', role: 'viewer', source: 'local' });
    expect(me.scopes).toEqual(ROLES.viewer);
  });

  it.each([
    ['of nobody', ['Bearer guessed']],
    ['that is no bearer', ['Basic YWRhOmFkYQ==']],
    ['that is empty', ['']],
    ['and another', ['Bearer a, Bearer b']],
  ])('with a token %s is refused, and never taken for its certificate', async (_, shown) => {
    using caller = new Caller(collector);
    for (const each of shown) caller.metadata.add('authorization', each);
    const { code, details } = await caller.statusOf(consoleService.getStatus, {});
    expect([code, details]).toEqual([status.UNAUTHENTICATED, expect.stringContaining('threatguard login')]);
  });

  it('may with a token for scripts what that may', async () => {
    const { body } = await admin.ask('/api/tokens', { json: { scopes: ['alerts:read'] } });
    using caller = new Caller(collector, body.token);
    expect((await caller.statusOf(consoleService.listAlerts, {})).code).toBe(status.OK);
    const { code, details } = await caller.statusOf(consoleService.listAgents, {});
    expect([code, details]).toEqual([
      status.PERMISSION_DENIED,
      'this needs the scope agents:read, which this token of ada does not have',
    ]);
  });

  it('writes down who did it, and over which console', async () => {
    using caller = new Caller(collector, (await ApiUser.logIn(collector.httpUrl, 'ada')).accessToken);
    await caller.ask(usersService.addUser, { name: 'made-by-ada', role: 'viewer' });
    const { entries } = await collector.console.audit({ limit: 5 });
    const entry = entries!.find(({ action }) => action === 'user.added')!;
    expect(entry).toMatchObject({ actorKind: 'user', actorName: 'ada' });
    const { users } = (await admin.ask('/api/users')).body as { users: { name: string }[] };
    expect(users.map(({ name }) => name)).toContain('made-by-ada');
    const me = await callers.nobody!.ask(loginService.whoAmI, {});
    expect(JSON.stringify(entry)).toContain(`(console ${me.name})`);
  });

  it('is refused at once when the role is taken away or the login ended, and what goes on is ended', async () => {
    const eve = await admin.withRole('eve', 'analyst');
    using caller = new Caller(collector, eve.accessToken);
    const seen = caller.watch();
    await until(() => seen.open, { limitMs: 10_000, what: () => 'the watch to open' });
    await admin.ask('/api/users/eve', { method: 'PATCH', json: { role: 'viewer' } });
    expect((await caller.statusOf(consoleService.searchEvents, {})).code).toBe(status.PERMISSION_DENIED);
    await until(() => seen.ended, { limitMs: 10_000, what: () => 'the watch to be ended' });
    expect(seen.ended).toMatchObject({ code: status.UNAUTHENTICATED });
    await caller.ask(loginService.logOut, {});
    expect((await caller.statusOf(consoleService.listAlerts, {})).code).toBe(status.UNAUTHENTICATED);
    expect((await eve.ask('/api/auth/me')).status).toBe(401);
  });

  it('logs in with name and password, stays logged in, and is out when a token comes twice', async () => {
    const { nobody } = callers;
    const grant = await nobody!.ask(loginService.logIn, { name: 'ADA', password: PASSWORD });
    expect(grant).toMatchObject({ user: 'ada', role: 'admin', expiresInSeconds: 900 });
    const next = await nobody!.ask(loginService.refreshLogin, { refreshToken: grant.refreshToken });
    using caller = new Caller(collector, next.accessToken!);
    expect((await caller.statusOf(consoleService.listAgents, {})).code).toBe(status.OK);
    expect((await nobody!.statusOf(loginService.refreshLogin, { refreshToken: grant.refreshToken })).code).toBe(
      status.PERMISSION_DENIED,
    );
    expect((await caller.statusOf(consoleService.listAgents, {})).code).toBe(status.UNAUTHENTICATED);
  });

  it('has to wait after some wrong passwords, and has no single sign-on where there is none', async () => {
    const { nobody } = callers;
    const codes = [];
    for (let count = 0; count < 6; count++) {
      codes.push((await nobody!.statusOf(loginService.logIn, { name: 'nobody-there', password: 'wrong' })).code);
    }
    expect(codes).toEqual([...Array(5).fill(status.PERMISSION_DENIED), status.RESOURCE_EXHAUSTED]);
    const { details } = await nobody!.statusOf(loginService.beginDeviceLogin, {});
    expect(details).toContain('no single sign-on');
  });
});

describe('a console whose collector wants a login', () => {
  let collector: TestCollector;
  let provider: TestProvider;
  let caller: Caller;
  let nowMs = Date.now();

  beforeAll(async () => {
    provider = await TestProvider.forDevices({ ana: ['soc-analysts'] });
    const home = await initTestHome();
    const config = `console:
  access: user
nats: { console_url: "nats://console:secret@127.0.0.1:4222" }
http:
  listen: 127.0.0.1:0
${provider.textFor(home, { 'soc-analysts': 'analyst' })}`;
    collector = await TestCollector.start({ home, config, nowMs: () => nowMs });
    caller = new Caller(collector);
  });
  afterAll(async () => {
    caller?.[Symbol.dispose]();
    await collector?.[Symbol.asyncDispose]();
    await provider?.[Symbol.asyncDispose]();
  });

  it('is refused everything but logging in, and what keeps its certificate', async () => {
    for (const method of METHODS) {
      const { code, details } = await caller.statusOf(method, {});
      if (RPC_SCOPES[nameOf(method)] === 'certificate') expect(code).not.toBe(status.UNAUTHENTICATED);
      else
        expect([nameOf(method), code, details]).toEqual([
          nameOf(method),
          status.UNAUTHENTICATED,
          expect.stringContaining('threatguard login'),
        ]);
    }
    expect(await caller.ask(loginService.whoAmI, {})).toMatchObject({ kind: 'certificate', role: 'none', scopes: [] });
    expect(await caller.ask(loginService.getLogin, {})).toMatchObject({
      required: true,
      issuer: provider.issuer,
      clientId: CLIENT_ID,
    });
  });

  it('shows a code, waits while nobody enters it, and is the user who did', async () => {
    const device = await caller.ask(loginService.beginDeviceLogin, {});
    const ask = () => caller.ask(loginService.askDeviceLogin, { handle: device.handle! });
    expect(device.intervalSeconds).toBe(1);
    expect(JSON.stringify(device)).not.toContain(CLIENT_SECRET);
    // Before its time it is not asked further, but slowed down.
    expect(await ask()).toMatchObject({ grant: null, againInSeconds: 6 });
    nowMs += 6_000;
    expect(await ask()).toMatchObject({ grant: null, againInSeconds: 6 });
    const text = await new Browser().enterCode(device.verificationUri!, device.userCode!, 'ana');
    expect(text).toMatch(/signed in|success|continue on your device/i);
    nowMs += 6_000;
    const { grant } = await ask();
    expect(grant).toMatchObject({ user: 'ana', role: 'analyst' });
    using user = new Caller(collector, grant!.accessToken!);
    const state = await user.ask(consoleService.getStatus, {});
    // Whoever has the address of NATS reads on after his login was ended.
    expect(state.natsUrl || '').toBe('');
    expect(await caller.statusOf(loginService.askDeviceLogin, { handle: device.handle! })).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });

  it('is ended at the provider with a logout', async () => {
    const device = await caller.ask(loginService.beginDeviceLogin, {});
    await new Browser().enterCode(device.verificationUri!, device.userCode!, 'ana');
    nowMs += 1_000;
    const { grant } = await caller.ask(loginService.askDeviceLogin, { handle: device.handle! });
    const { refreshToken } = provider;
    using user = new Caller(collector, grant!.accessToken!);
    const ended = await user.ask(loginService.logOut, {});
    expect(ended).toMatchObject({ provider: 'ended', providerUrl: expect.stringContaining('/session/end?') });
    expect(await provider.refresh(refreshToken)).toBe('invalid_grant');
  });

  it('is told that somebody has no role', async () => {
    const device = await caller.ask(loginService.beginDeviceLogin, {});
    await new Browser().enterCode(device.verificationUri!, device.userCode!, 'guest');
    nowMs += 1_000;
    const { code, details } = await caller.statusOf(loginService.askDeviceLogin, { handle: device.handle! });
    expect([code, details]).toEqual([status.PERMISSION_DENIED, expect.stringContaining('guest is in no group')]);
  });

  it('asks for its own logins, in time', async () => {
    const settings = oidcSettings.parse({
      issuer: provider.issuer,
      client_id: CLIENT_ID,
      scopes: ['openid', 'profile', 'groups'],
      roles: { 'soc-analysts': 'analyst' },
      insecure_loopback: true,
    });
    const devices = new DeviceLogins({
      provider: new OidcProvider({ settings, secret: CLIENT_SECRET, nowMs: () => nowMs }),
      nowMs: () => nowMs,
    });
    const mine = await devices.begin('one');
    const late = 'nobody entered the code in time';
    await expect(devices.ask(mine.handle, 'another')).rejects.toThrow(late);
    await expect(devices.ask('guessed', 'one')).rejects.toThrow(late);
    expect(await devices.ask(mine.handle, 'one')).toEqual({ againInSeconds: 6 });
    // The ninth of one console takes the place of its first.
    for (let count = 0; count < 8; count++) await devices.begin('one');
    await expect(devices.ask(mine.handle, 'one')).rejects.toThrow(late);
    const last = await devices.begin('two');
    nowMs += last.expiresInSeconds * 1000;
    await expect(devices.ask(last.handle, 'two')).rejects.toThrow(late);
  });
});
