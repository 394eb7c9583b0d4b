// Local accounts: who is added and removed, passwords and second factors.
import type { UserRecord } from '../store/access-store.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { AccessError } from './access-error.ts';
import type { Origin } from './caller.ts';
import { isFirstAdminSecret, spendFirstAdminSecret } from './first-admin.ts';
import type { Lockout } from './lockout.ts';
import type { LoginSessions } from './login-sessions.ts';
import { ownChange } from './own-change.ts';
import { checkPassword, type Passwords } from './passwords.ts';
import type { ScriptTokens } from './script-tokens.ts';
import type { SecretBox } from './secret-box.ts';
import { base32, makeTotpSecret, totpUri, verifyTotp } from './totp.ts';
import { type Change, loginName, type Users } from './users.ts';

export interface AccountsParts {
  users: Users;
  sessions: LoginSessions;
  tokens: ScriptTokens;
  passwords: Passwords;
  lockout: Lockout;
  box: SecretBox;
  /** Of the first admin's secret. */
  directory: string;
  /** Resolves when memory has every change that was answered before. */
  refresh: () => Promise<void>;
  nowMs: () => number;
}

export class Accounts {
  readonly #parts: AccountsParts;

  constructor(parts: AccountsParts) {
    this.#parts = parts;
  }

  /** Makes the first admin. Throws AccessError `wrong_credentials`, `first_admin_done`, or what is wrong with name or password. */
  async makeFirstAdmin(given: { secret: string; name: string; password: string }, origin: Origin): Promise<UserRecord> {
    const { directory } = this.#parts;
    await this.#parts.refresh();
    await this.#parts.lockout.check('first admin', origin.network);
    if (!(await isFirstAdminSecret(directory, given.secret))) {
      await this.#parts.lockout.failed('first admin', origin.network);
      throw new AccessError('wrong_credentials', 'this is not the secret that init printed, or it was used');
    }
    const by: AuditActor = { kind: 'user', id: 'first admin', from: origin.from };
    const change = { by, nowUs: this.#nowUs, correlationId: origin.correlationId, firstAdmin: true };
    const user = await this.add({ name: given.name, role: 'admin', password: given.password }, change);
    await spendFirstAdminSecret(directory);
    return user;
  }

  async add(
    wanted: { name: string; role: 'viewer' | 'analyst' | 'admin'; password: string },
    change: Change & { firstAdmin?: boolean },
  ): Promise<UserRecord> {
    checkPassword(wanted.password, loginName(wanted.name));
    return this.#parts.users.add({ ...wanted, password: await this.#parts.passwords.hash(wanted.password) }, change);
  }

  /** With sessions and tokens, which are refused from now on. */
  async remove(name: string, change: Change): Promise<void> {
    const user = await this.#parts.users.remove(name, change);
    this.#parts.tokens.forgetUser(user.id);
    await this.#parts.sessions.endAll(user.id);
  }

  /** Throws AccessError `wrong_credentials`. Every other session of the user ends. */
  async changePassword(
    user: UserRecord,
    given: { current: string; next: string },
    { sessionId, ...origin }: Origin & { sessionId: string },
  ): Promise<void> {
    await this.#mustBe(user, given.current, origin);
    checkPassword(given.next, user.name);
    await this.#parts.users.setPassword(
      user.id,
      await this.#parts.passwords.hash(given.next),
      ownChange(user, origin, this.#nowUs),
    );
    await this.#parts.sessions.endAll(user.id, sessionId);
  }

  /** By somebody who may: no current one is asked for. Every session of the user ends. */
  async resetPassword(name: string, password: string, change: Change): Promise<void> {
    const user = this.#parts.users.mustFind(name);
    if (user.issuer !== '') throw new AccessError('no_local_password', `${user.name} logs in at ${user.issuer}`);
    checkPassword(password, user.name);
    await this.#parts.users.setPassword(user.id, await this.#parts.passwords.hash(password), change);
    await this.#parts.users.setTotp(user.id, undefined, change);
    await this.#parts.sessions.endAll(user.id);
  }

  /** A secret for an authenticator app, which counts once `confirmSecondFactor` was given a code of it. */
  async askForSecondFactor(
    user: UserRecord,
    password: string,
    origin: Origin,
  ): Promise<{ secret: string; uri: string }> {
    await this.#mustBe(user, password, origin);
    const secret = makeTotpSecret();
    await this.#parts.users.setTotpPending(
      user.id,
      this.#parts.box.seal(secret, user.id),
      ownChange(user, origin, this.#nowUs),
    );
    return { secret: base32(secret), uri: totpUri(secret, { name: user.name, issuer: 'ThreatGuard' }) };
  }

  async confirmSecondFactor(user: UserRecord, code: string, origin: Origin): Promise<void> {
    await this.#parts.lockout.check(user.name, origin.network);
    const sealed = this.#parts.users.get(user.id)?.totpPending;
    const secret = sealed && this.#parts.box.open(sealed, user.id);
    const step = secret && verifyTotp(secret, code, { nowS: this.#nowUs / 1e6, usedStep: 0 });
    if (!sealed || step === undefined) {
      await this.#parts.lockout.failed(user.name, origin.network);
      throw new AccessError('wrong_credentials', 'this is no code of the secret that was asked for last');
    }
    await this.#parts.users.setTotp(user.id, { secret: sealed, step }, ownChange(user, origin, this.#nowUs));
  }

  async removeSecondFactor(user: UserRecord, password: string, origin: Origin): Promise<void> {
    await this.#mustBe(user, password, origin);
    await this.#parts.users.setTotp(user.id, undefined, ownChange(user, origin, this.#nowUs));
  }

  get #nowUs(): number {
    return this.#parts.nowMs() * 1000;
  }

  async #mustBe(user: UserRecord, password: string, origin: Origin): Promise<void> {
    await this.#parts.lockout.check(user.name, origin.network);
    if (user.password === '') throw new AccessError('no_local_password', 'this user logs in elsewhere');
    if (await this.#parts.passwords.verify(password, user.password)) return;
    await this.#parts.lockout.failed(user.name, origin.network);
    throw new AccessError('wrong_credentials', 'the password is wrong');
  }
}
