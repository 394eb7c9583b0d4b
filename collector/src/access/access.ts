// Who may ask the HTTP service: logging in, staying logged in, tokens for scripts, and who a token is of.
import { randomUUID } from 'node:crypto';
import type { JWK } from 'jose';
import type { Cache } from '../cache/cache.ts';
import type { AccessStore, UserRecord } from '../store/access-store.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { AccessError } from './access-error.ts';
import { AccessState } from './access-state.ts';
import { ACCESS_SECONDS, AccessTokens } from './access-tokens.ts';
import type { Caller } from './caller.ts';
import { isFirstAdminSecret, spendFirstAdminSecret } from './first-admin.ts';
import { Lockout } from './lockout.ts';
import { LoginSessions } from './login-sessions.ts';
import { SingleSignOn, type SingleSignOnParts } from './oidc/single-sign-on.ts';
import type { Vouched } from './oidc/vouched.ts';
import { checkPassword, Passwords } from './passwords.ts';
import { isScope } from './scopes.ts';
import { ScriptTokens } from './script-tokens.ts';
import { SecretBox } from './secret-box.ts';
import { loadOrMakeBoxKey, loadTokenKeys, publicKeySet, type TokenMode } from './token-keys.ts';
import { base32, makeTotpSecret, totpUri, verifyTotp } from './totp.ts';
import { type Change, loginName, scopesOf, Users } from './users.ts';
import { SharedWrongCounts } from './wrong-counts.ts';

const HOUR_US = 3_600_000_000;

export interface AccessParts {
  store: AccessStore;
  /** What collectors share; of this one alone without Redis. */
  cache: Pick<Cache, 'link' | 'layers'>;
  /** For keys and the first admin's secret; made by `init`. */
  directory: string;
  mode: TokenMode;
  /** Of the fleet: tokens of another one are not taken. */
  issuer: string;
  /** Undefined where there are local accounts alone. */
  singleSignOn?: SingleSignOnParts | undefined;
  nowMs: () => number;
  failed: (error: unknown) => void;
}

/** What somebody who logged in is given. */
export interface Grant {
  accessToken: string;
  refreshToken: string;
  expiresInSeconds: number;
  user: UserRecord;
  sessionId: string;
}

/** Where a request comes from: for the audit log, and for what wrong passwords cost. */
export interface Origin {
  /** HOST:PORT. */
  from: string;
  /** The address, or its network. */
  network: string;
  correlationId?: string | undefined;
}

export class Access implements Disposable {
  readonly users: Users;
  readonly sessions: LoginSessions;
  readonly tokens: ScriptTokens;
  /** Undefined where there are local accounts alone. */
  readonly singleSignOn: SingleSignOn | undefined;
  /** RFC 7517. */
  readonly publicKeys: { keys: JWK[] };
  readonly #parts: AccessParts;
  readonly #passwords = new Passwords();
  readonly #lockout: Lockout;
  readonly #access: AccessTokens;
  readonly #box: SecretBox;
  readonly #state: AccessState;

  private constructor(
    parts: AccessParts,
    held: {
      users: Users;
      sessions: LoginSessions;
      tokens: ScriptTokens;
      access: AccessTokens;
      box: SecretBox;
      publicKeys: { keys: JWK[] };
      version: number;
    },
  ) {
    this.#parts = parts;
    this.users = held.users;
    this.sessions = held.sessions;
    this.tokens = held.tokens;
    this.publicKeys = held.publicKeys;
    this.#access = held.access;
    this.#box = held.box;
    this.#lockout = new Lockout(new SharedWrongCounts(parts.cache, parts.nowMs));
    const { store, cache, failed, singleSignOn, nowMs } = parts;
    this.#state = new AccessState({ store, cache, failed, load: () => this.#load() }, held.version);
    this.singleSignOn = singleSignOn && new SingleSignOn(singleSignOn, { box: held.box, nowMs });
  }

  static async load(parts: AccessParts): Promise<Access> {
    const { store, directory, mode, issuer, nowMs } = parts;
    const nowUs = nowMs() * 1000;
    const keys = await loadTokenKeys(directory, mode);
    const box = new SecretBox(await loadOrMakeBoxKey(directory));
    const version = await store.version();
    const users = await Users.load(store);
    const hours = parts.singleSignOn?.settings.session_hours;
    const vouchedUs = hours === undefined ? undefined : hours * HOUR_US;
    const sessions = new LoginSessions({ store, users, box, sessions: await store.sessions(nowUs), vouchedUs });
    const tokens = new ScriptTokens({ store, users, tokens: await store.tokens(nowUs) });
    const access = new AccessTokens(keys, issuer);
    return new Access(parts, { users, sessions, tokens, access, box, version, publicKeys: await publicKeySet(keys) });
  }

  /** Who a bearer token is of; undefined where it is of nobody, or not any more. */
  async identify(token: string): Promise<Caller | undefined> {
    await this.#state.refresh();
    const nowUs = this.#nowUs;
    if (token.startsWith('tgs_')) return this.tokens.identify(token, nowUs);
    const claims = await this.#access.verify(token, Math.floor(nowUs / 1e6));
    const user = claims && this.users.get(claims.sub);
    if (!user || !this.sessions.isLive(claims.sid, user.id, nowUs)) return undefined;
    // Of what it was given, what the user still has.
    const may = scopesOf(user);
    const scopes = new Set(
      claims.scope
        .split(' ')
        .filter(isScope)
        .filter((scope) => may.has(scope)),
    );
    return { kind: 'user', id: claims.sid, userId: user.id, name: user.name, scopes, expiresAtUs: claims.exp * 1e6 };
  }

  /** What the cookie of a page holds: access tokens are larger than a cookie may be. */
  pageTicket(sessionId: string): string {
    return `${sessionId}.${this.#box.vouch(`threatguard/page/v1 ${sessionId}`)}`;
  }

  /** Who the cookie of a page is of; undefined where it is of nobody, or not any more. */
  async identifyPage(ticket: string): Promise<Caller | undefined> {
    const [id = '', mac = ''] = ticket.split('.');
    if (!this.#box.isVouched(`threatguard/page/v1 ${id}`, mac)) return undefined;
    await this.#state.refresh();
    const session = this.sessions.find(id);
    const user = session && this.users.get(session.userId);
    if (!user || !this.sessions.isLive(id, user.id, this.#nowUs)) return undefined;
    const { expiresAtUs } = session;
    return { kind: 'user', id, userId: user.id, name: user.name, scopes: scopesOf(user), expiresAtUs };
  }

  /** What a form of a page of this login holds, and no other site knows. */
  pageProof(sessionId: string): string {
    return this.#box.vouch(`threatguard/form/v1 ${sessionId}`);
  }

  isPageProof(sessionId: string, proof: string): boolean {
    return this.#box.isVouched(`threatguard/form/v1 ${sessionId}`, proof);
  }

  /** Whether what proved a caller still does: for what goes on after it was asked. */
  holds({ kind, id, userId, scopes, expiresAtUs }: Caller): boolean {
    const nowUs = this.#nowUs;
    const user = this.users.get(userId);
    if (!user || nowUs >= expiresAtUs) return false;
    const may = scopesOf(user);
    if (![...scopes].every((scope) => may.has(scope))) return false;
    return kind === 'token' ? this.tokens.find(id) !== undefined : this.sessions.isLive(id, userId, nowUs);
  }

  /** As `holds`, for what goes on longer than an access token does: the next one would prove the same. */
  goesOn(caller: Caller): boolean {
    return this.holds(caller.kind === 'user' ? { ...caller, expiresAtUs: Number.POSITIVE_INFINITY } : caller);
  }

  /** Throws AccessError `wrong_credentials` (whatever of the three was wrong, in the same time), `locked` or `busy`. */
  async logIn(given: { name: string; password: string; code?: string | undefined }, origin: Origin): Promise<Grant> {
    const name = loginName(given.name).slice(0, 64);
    await this.#state.refresh();
    await this.#lockout.check(name, origin.network);
    const user = this.users.named(name);
    const right = await this.#passwords.verify(given.password, user?.password ?? '');
    if (!right || !user || !(await this.#isSecondFactor(user, given.code ?? ''))) {
      await this.#lockout.failed(name, origin.network);
      // Not waited for: a name that is known would take longer to refuse.
      if (user) this.#recordFailure(user, origin).catch(this.#parts.failed);
      throw new AccessError('wrong_credentials', 'name, password or code is wrong');
    }
    await this.#lockout.succeeded(name, origin.network);
    return this.grant(user, origin);
  }

  /** For somebody who was proven to be this user. */
  async grant(user: UserRecord, origin: Origin): Promise<Grant> {
    const change = this.#changeBy(user, origin);
    const { session, refreshToken } = await this.sessions.open(user.id, change);
    await this.users.loggedIn(user.id, change.nowUs);
    return this.#grantOf(user, session.id, refreshToken);
  }

  /** For somebody the provider vouches for. Whose groups have no role any more is logged out everywhere, too. */
  async logInVouched(vouched: Vouched, origin: Origin): Promise<Grant> {
    const { from, correlationId } = origin;
    await this.#state.refresh();
    try {
      const change = { from, nowUs: this.#nowUs, correlationId };
      return await this.grant(await this.users.vouchFor(vouched, change), origin);
    } catch (error) {
      const known = this.users.vouchedFor(vouched.issuer, vouched.subject);
      if (known && error instanceof AccessError && error.code === 'no_role') await this.sessions.endAll(known.id);
      throw error;
    }
  }

  /** Throws AccessError `not_known`. */
  async refresh(refreshToken: string, origin: Origin): Promise<Grant> {
    const by: AuditActor = { kind: 'user', id: '', from: origin.from };
    const change = { by, nowUs: this.#nowUs, correlationId: origin.correlationId };
    await this.#state.refresh();
    const next = await this.sessions.refresh(refreshToken, change);
    const user = this.users.get(next.session.userId);
    if (!user) throw new AccessError('not_known', 'this user is not there any more');
    return this.#grantOf(user, next.session.id, next.refreshToken);
  }

  /** Makes the first admin. Throws AccessError `wrong_credentials`, `first_admin_done`, or what is wrong with name or password. */
  async makeFirstAdmin(given: { secret: string; name: string; password: string }, origin: Origin): Promise<UserRecord> {
    const { directory } = this.#parts;
    await this.#state.refresh();
    await this.#lockout.check('first admin', origin.network);
    if (!(await isFirstAdminSecret(directory, given.secret))) {
      await this.#lockout.failed('first admin', origin.network);
      throw new AccessError('wrong_credentials', 'this is not the secret that init printed, or it was used');
    }
    const by: AuditActor = { kind: 'user', id: 'first admin', from: origin.from };
    const change = { by, nowUs: this.#nowUs, correlationId: origin.correlationId, firstAdmin: true };
    const user = await this.addUser({ name: given.name, role: 'admin', password: given.password }, change);
    await spendFirstAdminSecret(directory);
    return user;
  }

  async addUser(
    wanted: { name: string; role: 'viewer' | 'analyst' | 'admin'; password: string },
    change: Change & { firstAdmin?: boolean },
  ): Promise<UserRecord> {
    checkPassword(wanted.password, loginName(wanted.name));
    return this.users.add({ ...wanted, password: await this.#passwords.hash(wanted.password) }, change);
  }

  /** With sessions and tokens, which are refused from now on. */
  async removeUser(name: string, change: Change): Promise<void> {
    const user = await this.users.remove(name, change);
    this.tokens.forgetUser(user.id);
    await this.sessions.endAll(user.id);
  }

  /** Throws AccessError `wrong_credentials`. Every other session of the user ends. */
  async changePassword(
    user: UserRecord,
    given: { current: string; next: string },
    { sessionId, ...origin }: Origin & { sessionId: string },
  ): Promise<void> {
    await this.#mustBe(user, given.current, origin);
    checkPassword(given.next, user.name);
    await this.users.setPassword(user.id, await this.#passwords.hash(given.next), this.#changeBy(user, origin));
    await this.sessions.endAll(user.id, sessionId);
  }

  /** By somebody who may: no current one is asked for. Every session of the user ends. */
  async resetPassword(name: string, password: string, change: Change): Promise<void> {
    const user = this.users.mustFind(name);
    if (user.issuer !== '') throw new AccessError('no_local_password', `${user.name} logs in at ${user.issuer}`);
    checkPassword(password, user.name);
    await this.users.setPassword(user.id, await this.#passwords.hash(password), change);
    await this.users.setTotp(user.id, undefined, change);
    await this.sessions.endAll(user.id);
  }

  /** A secret for an authenticator app, which counts once `confirmSecondFactor` was given a code of it. */
  async askForSecondFactor(
    user: UserRecord,
    password: string,
    origin: Origin,
  ): Promise<{ secret: string; uri: string }> {
    await this.#mustBe(user, password, origin);
    const secret = makeTotpSecret();
    await this.users.setTotpPending(user.id, this.#box.seal(secret, user.id), this.#changeBy(user, origin));
    return { secret: base32(secret), uri: totpUri(secret, { name: user.name, issuer: 'ThreatGuard' }) };
  }

  async confirmSecondFactor(user: UserRecord, code: string, origin: Origin): Promise<void> {
    await this.#lockout.check(user.name, origin.network);
    const sealed = this.users.get(user.id)?.totpPending;
    const secret = sealed && this.#box.open(sealed, user.id);
    const step = secret && verifyTotp(secret, code, { nowS: this.#nowUs / 1e6, usedStep: 0 });
    if (!sealed || step === undefined) {
      await this.#lockout.failed(user.name, origin.network);
      throw new AccessError('wrong_credentials', 'this is no code of the secret that was asked for last');
    }
    await this.users.setTotp(user.id, { secret: sealed, step }, this.#changeBy(user, origin));
  }

  async removeSecondFactor(user: UserRecord, password: string, origin: Origin): Promise<void> {
    await this.#mustBe(user, password, origin);
    await this.users.setTotp(user.id, undefined, this.#changeBy(user, origin));
  }

  async #load(): Promise<void> {
    const { store } = this.#parts;
    const nowUs = this.#nowUs;
    // One after the other: what is read last is the newest, and each is newer than the number that stands for all.
    const users = await store.users();
    const sessions = await store.sessions(nowUs);
    const tokens = await store.tokens(nowUs);
    this.users.replace(users);
    this.sessions.replace(sessions);
    this.tokens.replace(tokens);
  }

  get #nowUs(): number {
    return this.#parts.nowMs() * 1000;
  }

  #changeBy({ id }: UserRecord, { from, correlationId }: Origin): Change {
    return { by: { kind: 'user', id, from }, nowUs: this.#nowUs, correlationId };
  }

  async #mustBe(user: UserRecord, password: string, origin: Origin): Promise<void> {
    await this.#lockout.check(user.name, origin.network);
    if (user.password === '') throw new AccessError('no_local_password', 'this user logs in elsewhere');
    if (await this.#passwords.verify(password, user.password)) return;
    await this.#lockout.failed(user.name, origin.network);
    throw new AccessError('wrong_credentials', 'the password is wrong');
  }

  async #isSecondFactor(user: UserRecord, code: string): Promise<boolean> {
    if (!user.totpSecret) return true;
    const secret = this.#box.open(user.totpSecret, user.id);
    const step = verifyTotp(secret, code, { nowS: this.#nowUs / 1e6, usedStep: user.totpStep });
    return step !== undefined && this.users.useTotpStep(user.id, step);
  }

  async #recordFailure({ id, name }: UserRecord, { from, correlationId }: Origin): Promise<void> {
    const by: AuditActor = { kind: 'user', id, from };
    const after = { name, ...(correlationId && { correlationId }) };
    await this.#parts.store.recordFact({ action: 'user.login_failed', subject: id, after, atUs: this.#nowUs, by });
  }

  async #grantOf(user: UserRecord, sessionId: string, refreshToken: string): Promise<Grant> {
    const iat = Math.floor(this.#nowUs / 1e6);
    const accessToken = await this.#access.sign({
      sub: user.id,
      sid: sessionId,
      scope: [...scopesOf(user)].join(' '),
      iat,
      exp: iat + ACCESS_SECONDS,
      jti: randomUUID(),
    });
    return { accessToken, refreshToken, expiresInSeconds: ACCESS_SECONDS, user, sessionId };
  }

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
  }
}
