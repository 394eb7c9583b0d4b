// Logging in and staying logged in.
import { randomUUID } from 'node:crypto';
import type { AccessStore, UserRecord } from '../store/access-store.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { AccessError } from './access-error.ts';
import { ACCESS_SECONDS, type AccessTokens } from './access-tokens.ts';
import type { Origin } from './caller.ts';
import type { Lockout } from './lockout.ts';
import type { LoginSessions } from './login-sessions.ts';
import type { Vouched } from './oidc/vouched.ts';
import { ownChange } from './own-change.ts';
import type { Passwords } from './passwords.ts';
import type { ProviderEnd, ProviderLogins } from './provider-logins.ts';
import type { SecretBox } from './secret-box.ts';
import { verifyTotp } from './totp.ts';
import { type Change, loginName, scopesOf, type Users } from './users.ts';

export interface LoginsParts {
  store: Pick<AccessStore, 'recordFact'>;
  users: Users;
  sessions: LoginSessions;
  access: AccessTokens;
  passwords: Passwords;
  lockout: Lockout;
  box: SecretBox;
  /** Resolves when memory has every change that was answered before. */
  refresh: () => Promise<void>;
  /** Undefined where there are local accounts alone. */
  atProvider: ProviderLogins | undefined;
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

export class Logins {
  readonly #parts: LoginsParts;

  constructor(parts: LoginsParts) {
    this.#parts = parts;
  }

  /** Throws AccessError `wrong_credentials` (whatever of the three was wrong, in the same time), `locked` or `busy`. */
  async logIn(given: { name: string; password: string; code?: string | undefined }, origin: Origin): Promise<Grant> {
    const name = loginName(given.name).slice(0, 64);
    await this.#parts.refresh();
    await this.#parts.lockout.check(name, origin.network);
    const user = this.#parts.users.named(name);
    const right = await this.#parts.passwords.verify(given.password, user?.password ?? '');
    if (!right || !user || !(await this.#isSecondFactor(user, given.code ?? ''))) {
      await this.#parts.lockout.failed(name, origin.network);
      // Not waited for: a name that is known would take longer to refuse.
      if (user) this.#recordFailure(user, origin).catch(this.#parts.failed);
      throw new AccessError('wrong_credentials', 'name, password or code is wrong');
    }
    await this.#parts.lockout.succeeded(name, origin.network);
    return this.grant(user, origin);
  }

  /** For somebody who was proven to be this user. */
  async grant(user: UserRecord, origin: Origin): Promise<Grant> {
    const change = ownChange(user, origin, this.#nowUs);
    const { session, refreshToken } = await this.#parts.sessions.open(user.id, change);
    await this.#parts.users.loggedIn(user.id, change.nowUs);
    return this.#grantOf(user, session.id, refreshToken);
  }

  /** For somebody the provider vouches for. Whose groups have no role any more is logged out everywhere, too. */
  async logInVouched(vouched: Vouched, origin: Origin): Promise<Grant> {
    const { from, correlationId } = origin;
    await this.#parts.refresh();
    try {
      const change = { from, nowUs: this.#nowUs, correlationId };
      const grant = await this.grant(await this.#parts.users.vouchFor(vouched, change), origin);
      if (vouched.tokens) await this.#parts.atProvider?.keep(grant.sessionId, vouched.tokens);
      return grant;
    } catch (error) {
      const known = this.#parts.users.vouchedFor(vouched.issuer, vouched.subject);
      if (known && error instanceof AccessError && error.code === 'no_role')
        await this.#parts.sessions.endAll(known.id);
      throw error;
    }
  }

  /** Ends a login here, then at the provider that vouched for it, as far as that lets us. */
  async logOut(
    sessionId: string,
    about: Change & { user: { id: string; name: string } },
  ): Promise<{ end: ProviderEnd | undefined; url: string | undefined }> {
    const { sessions, atProvider } = this.#parts;
    const tokens = await atProvider?.find(sessionId);
    await sessions.end([sessionId], { ...about, action: 'user.logged_out' });
    return tokens && atProvider ? atProvider.end(tokens) : { end: undefined, url: undefined };
  }

  /** Throws AccessError `not_known`. */
  async refresh(refreshToken: string, origin: Origin): Promise<Grant> {
    const by: AuditActor = { kind: 'user', id: '', from: origin.from };
    const change = { by, nowUs: this.#nowUs, correlationId: origin.correlationId };
    await this.#parts.refresh();
    const next = await this.#parts.sessions.refresh(refreshToken, change);
    const user = this.#parts.users.get(next.session.userId);
    if (!user) throw new AccessError('not_known', 'this user is not there any more');
    return this.#grantOf(user, next.session.id, next.refreshToken);
  }

  get #nowUs(): number {
    return this.#parts.nowMs() * 1000;
  }

  async #isSecondFactor(user: UserRecord, code: string): Promise<boolean> {
    if (!user.totpSecret) return true;
    const secret = this.#parts.box.open(user.totpSecret, user.id);
    const step = verifyTotp(secret, code, { nowS: this.#nowUs / 1e6, usedStep: user.totpStep });
    return step !== undefined && this.#parts.users.useTotpStep(user.id, step);
  }

  async #recordFailure({ id, name }: UserRecord, { from, correlationId }: Origin): Promise<void> {
    const by: AuditActor = { kind: 'user', id, from };
    const after = { name, ...(correlationId && { correlationId }) };
    await this.#parts.store.recordFact({ action: 'user.login_failed', subject: id, after, atUs: this.#nowUs, by });
  }

  async #grantOf(user: UserRecord, sessionId: string, refreshToken: string): Promise<Grant> {
    const iat = Math.floor(this.#nowUs / 1e6);
    const accessToken = await this.#parts.access.sign({
      sub: user.id,
      sid: sessionId,
      scope: [...scopesOf(user)].join(' '),
      iat,
      exp: iat + ACCESS_SECONDS,
      jti: randomUUID(),
    });
    return { accessToken, refreshToken, expiresInSeconds: ACCESS_SECONDS, user, sessionId };
  }
}
