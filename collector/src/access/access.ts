// Who may ask the HTTP service: put together from its parts, and who a token is of.
import type { JWK } from 'jose';
import type { Cache } from '../cache/cache.ts';
import type { AccessStore, UserRecord } from '../store/access-store.ts';
import { AccessState } from './access-state.ts';
import { type AccessClaims, AccessTokens } from './access-tokens.ts';
import { Accounts } from './accounts.ts';
import type { Caller } from './caller.ts';
import { Lockout } from './lockout.ts';
import { LoginSessions } from './login-sessions.ts';
import { Logins } from './logins.ts';
import type { SingleSignOn, SingleSignOnParts } from './oidc/single-sign-on.ts';
import { PageLogins } from './page-logins.ts';
import { Passwords } from './passwords.ts';
import { ProviderLogins } from './provider-logins.ts';
import { isScope, type Scope } from './scopes.ts';
import { ScriptTokens } from './script-tokens.ts';
import { SecretBox } from './secret-box.ts';
import { loadOrMakeBoxKey, loadTokenKeys, publicKeySet, type TokenMode } from './token-keys.ts';
import { scopesOf, Users } from './users.ts';
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

export class Access implements Disposable {
  readonly users: Users;
  readonly sessions: LoginSessions;
  readonly tokens: ScriptTokens;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly pages: PageLogins;
  /** Undefined where there are local accounts alone. */
  readonly singleSignOn: SingleSignOn | undefined;
  /** RFC 7517. */
  readonly publicKeys: { keys: JWK[] };
  readonly #parts: AccessParts;
  readonly #access: AccessTokens;
  readonly #state: AccessState;
  /** Scopes of claims that were verified before, as long as their user is what he was. */
  readonly #scopes = new WeakMap<AccessClaims, { user: UserRecord; scopes: ReadonlySet<Scope> }>();

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
      singleSignOn: SingleSignOn | undefined;
    },
  ) {
    this.#parts = parts;
    this.users = held.users;
    this.sessions = held.sessions;
    this.tokens = held.tokens;
    this.publicKeys = held.publicKeys;
    this.#access = held.access;
    const { store, cache, directory, failed, nowMs } = parts;
    this.#state = new AccessState({ store, cache, failed, load: () => this.#load() }, held.version);
    const lockout = new Lockout(new SharedWrongCounts(cache, nowMs));
    const shared = { ...held, passwords: new Passwords(), lockout, refresh: () => this.#state.refresh(), nowMs };
    this.accounts = new Accounts({ ...shared, directory });
    this.pages = new PageLogins(shared);
    const { singleSignOn } = held;
    this.singleSignOn = singleSignOn;
    const atProvider =
      singleSignOn &&
      new ProviderLogins({
        ...{ store, box: held.box, failed },
        provider: singleSignOn.provider,
        backTo: singleSignOn.loggedOutUrl,
      });
    this.logins = new Logins({ ...shared, store, atProvider, failed });
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
    const publicKeys = await publicKeySet(keys);
    const singleSignOn = parts.singleSignOn && (await openSingleSignOn(parts.singleSignOn, { box, nowMs }));
    return new Access(parts, { users, sessions, tokens, access, box, version, publicKeys, singleSignOn });
  }

  /** Who a bearer token is of; undefined where it is of nobody, or not any more. */
  async identify(token: string): Promise<Caller | undefined> {
    await this.#state.refresh();
    const nowUs = this.#nowUs;
    if (token.startsWith('tgs_')) return this.tokens.identify(token, nowUs);
    const claims = await this.#access.verify(token, Math.floor(nowUs / 1e6));
    const user = claims && this.users.get(claims.sub);
    if (!user || !this.sessions.isLive(claims.sid, user.id, nowUs)) return undefined;
    const scopes = this.#scopesOf(claims, user);
    return { kind: 'user', id: claims.sid, userId: user.id, name: user.name, scopes, expiresAtUs: claims.exp * 1e6 };
  }

  /** Of what a token was given, what the user still has. A changed user is another record. */
  #scopesOf(claims: AccessClaims, user: UserRecord): ReadonlySet<Scope> {
    const known = this.#scopes.get(claims);
    if (known?.user === user) return known.scopes;
    const scopes = scopesOf(user).intersection(new Set(claims.scope.split(' ').filter(isScope)));
    this.#scopes.set(claims, { user, scopes });
    return scopes;
  }

  /** Whether what proved a caller still does: for what goes on after it was asked. */
  holds({ kind, id, userId, scopes, expiresAtUs }: Caller): boolean {
    const nowUs = this.#nowUs;
    const user = this.users.get(userId);
    if (!user || nowUs >= expiresAtUs) return false;
    if (!scopes.isSubsetOf(scopesOf(user))) return false;
    return kind === 'token' ? this.tokens.find(id) !== undefined : this.sessions.isLive(id, userId, nowUs);
  }

  /** As `holds`, for what goes on longer than an access token does: the next one would prove the same. */
  goesOn(caller: Caller): boolean {
    return this.holds(caller.kind === 'user' ? { ...caller, expiresAtUs: Number.POSITIVE_INFINITY } : caller);
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

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
  }
}

/** The library of OpenID Connect is loaded only where there is a provider. */
async function openSingleSignOn(...parts: ConstructorParameters<typeof SingleSignOn>): Promise<SingleSignOn> {
  const { SingleSignOn } = await import('./oidc/single-sign-on.ts');
  return new SingleSignOn(...parts);
}
