// Who there is. The store is the truth; this is its copy in memory, for the question asked at every request.
//
// Invariants: every user of the store is here, by id and by name; what changed was committed before; there is one who may
// change users, once there was one.
import { randomUUID } from 'node:crypto';
import type { AccessFact, AccessStore, UserChange, UserRecord } from '../store/access-store.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import { Turns } from '../turns.ts';
import { AccessError } from './access-error.ts';
import type { Vouched } from './oidc/vouched.ts';
import { isRole, ROLE_NAMES, ROLES, type Role, type Scope } from './scopes.ts';

/** It stands in logs, in lists and in the name of an authenticator app. */
const NAME = /^[a-z0-9][a-z0-9._@-]{1,63}$/;

/** Of somebody whose groups have no role any more: it has no scope. */
const NO_ROLE = 'none';

export interface Change {
  by: AuditActor;
  nowUs: number;
  /** Of the request that asked for it. */
  correlationId?: string | undefined;
}

export class Users {
  readonly #store: AccessStore;
  #byId: ReadonlyMap<string, UserRecord>;
  /** One change at a time: two must not both find that there is another admin. */
  readonly #turns = new Turns();

  private constructor(store: AccessStore, users: readonly UserRecord[]) {
    this.#store = store;
    this.#byId = new Map(users.map((user) => [user.id, user]));
  }

  static async load(store: AccessStore): Promise<Users> {
    return new Users(store, await store.users());
  }

  /** As they stand in the store now: another collector may have changed them. */
  replace(users: readonly UserRecord[]): void {
    this.#byId = new Map(users.map((user) => [user.id, user]));
  }

  /** By name. */
  all(): UserRecord[] {
    return [...this.#byId.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(id: string): UserRecord | undefined {
    return this.#byId.get(id);
  }

  named(name: string): UserRecord | undefined {
    const wanted = loginName(name);
    return this.all().find((user) => user.name === wanted);
  }

  /** Who somebody vouches for. */
  vouchedFor(issuer: string, subject: string): UserRecord | undefined {
    return this.all().find((user) => user.issuer === issuer && user.subject === subject);
  }

  /** Throws AccessError `no_such_user`. */
  mustFind(name: string): UserRecord {
    const user = this.named(name);
    if (!user) throw new AccessError('no_such_user', 'no user has this name; threatguard users list shows them all');
    return user;
  }

  get hasAdmin(): boolean {
    return this.#admins().length > 0;
  }

  add(
    wanted: { name: string; role: Role; password: string; issuer?: string; subject?: string },
    change: Change & { firstAdmin?: boolean },
  ): Promise<UserRecord> {
    return this.#turns.next(async () => {
      const name = loginName(wanted.name);
      if (!NAME.test(name)) {
        const rule = 'a name has 2 to 64 of a-z, 0-9, ".", "_", "-" and "@", and begins with a letter or a digit';
        throw new AccessError('name_invalid', rule);
      }
      if (this.named(name)) throw new AccessError('name_taken', 'another user has this name');
      if (change.firstAdmin && this.hasAdmin) throw new AccessError('first_admin_done', 'there is an admin already');
      const { role, password, issuer = '', subject = '' } = wanted;
      const user: UserRecord = {
        id: randomUUID(),
        ...{ name, role, password, issuer, subject },
        scopes: undefined,
        totpSecret: undefined,
        totpPending: undefined,
        totpStep: 0,
        madeAtUs: change.nowUs,
        lastLoginAtUs: undefined,
      };
      await this.#store.addUser(user, fact('user.added', user, change, { after: { name, role, issuer } }));
      this.replace([...this.#byId.values(), user]);
      return user;
    });
  }

  /**
   * Somebody a provider vouches for, made at his first login; his role is what the provider says now, were he the only admin.
   * Without one he has none, and nobody is made. Throws AccessError `no_role`, `name_taken` or `name_invalid`.
   */
  async vouchFor(
    { issuer, subject, name, role }: Vouched,
    change: Omit<Change, 'by'> & { from: string },
  ): Promise<UserRecord> {
    const { from, ...rest } = change;
    const known = this.vouchedFor(issuer, subject);
    const refused = new AccessError(
      'no_role',
      `${loginName(name).slice(0, 64)} is in no group that has a role here; ask an administrator of ThreatGuard`,
    );
    if (!known) {
      if (!role) throw refused;
      // Never joined with an account there is: whoever names people at the provider would choose whose it becomes.
      if (this.named(name)) {
        const taken = `another user has the name ${loginName(name)}, and is not the one of ${issuer}; an administrator has to remove it`;
        throw new AccessError('name_taken', taken);
      }
      const by: AuditActor = { kind: 'collector', id: issuer, from };
      return this.add({ name, role, password: '', issuer, subject }, { ...rest, by });
    }
    const now = role ?? NO_ROLE;
    if (known.role !== now) {
      const by: AuditActor = { kind: 'user', id: known.id, from };
      const states = { before: { role: known.role }, after: { role: now, issuer } };
      await this.#turns.next(async () => {
        const user = this.#byId.get(known.id);
        if (user) await this.#save(user, { role: now }, fact('user.role_changed', user, { ...rest, by }, states));
      });
    }
    const user = this.get(known.id);
    if (!role || !user) throw refused;
    return user;
  }

  /** Throws AccessError `no_such_user` or `last_admin`. */
  setRole(name: string, role: Role, change: Change): Promise<UserRecord> {
    return this.#turns.next(async () => {
      const user = this.mustFind(name);
      if (role !== 'admin') this.#keepAnAdmin(user);
      const states = { before: { role: user.role }, after: { role } };
      return this.#save(user, { role }, fact('user.role_changed', user, change, states));
    });
  }

  remove(name: string, change: Change): Promise<UserRecord> {
    return this.#turns.next(async () => {
      const user = this.mustFind(name);
      this.#keepAnAdmin(user);
      const before = { name: user.name, role: user.role };
      await this.#store.removeUser(user.id, fact('user.removed', user, change, { before }));
      this.replace([...this.#byId.values()].filter(({ id }) => id !== user.id));
      return user;
    });
  }

  setPassword(id: string, password: string, change: Change): Promise<UserRecord> {
    return this.#change(id, { password }, change, 'user.password_changed');
  }

  /** `undefined` takes the second factor off. */
  setTotp(id: string, totp: { secret: Uint8Array; step: number } | undefined, change: Change): Promise<UserRecord> {
    const changed = { totpSecret: totp?.secret, totpPending: undefined, totpStep: totp?.step ?? 0 };
    return this.#change(id, changed, change, totp ? 'user.second_factor_added' : 'user.second_factor_removed');
  }

  setTotpPending(id: string, totpPending: Uint8Array, change: Change): Promise<UserRecord> {
    return this.#change(id, { totpPending }, change, 'user.second_factor_asked_for');
  }

  /** A code may be used by one login only, so its step is kept before the login goes on; false where another was first. */
  useTotpStep(id: string, totpStep: number): Promise<boolean> {
    return this.#turns.next(async () => {
      const user = this.#byId.get(id);
      if (!user || !(await this.#store.useTotpStep(id, totpStep))) return false;
      this.#keep({ ...user, totpStep });
      return true;
    });
  }

  loggedIn(id: string, lastLoginAtUs: number): Promise<unknown> {
    return this.#turns.next(async () => {
      const user = this.#byId.get(id);
      if (user) await this.#save(user, { lastLoginAtUs });
    });
  }

  #change(id: string, changed: UserChange, change: Change, action: string): Promise<UserRecord> {
    return this.#turns.next(async () => {
      const user = this.#byId.get(id);
      if (!user) throw new AccessError('no_such_user', 'this user is not there any more');
      return this.#save(user, changed, fact(action, user, change, {}));
    });
  }

  async #save(user: UserRecord, changed: UserChange, about?: AccessFact): Promise<UserRecord> {
    if (!(await this.#store.changeUser(user.id, changed, about))) {
      throw new AccessError('no_such_user', 'this user is not there any more');
    }
    // What else is known of him may be newer by now.
    const next = { ...(this.#byId.get(user.id) ?? user), ...changed };
    this.#keep(next);
    return next;
  }

  #keep(user: UserRecord): void {
    this.#byId = new Map(this.#byId).set(user.id, user);
  }

  #admins(): UserRecord[] {
    return this.all().filter(({ role }) => role === 'admin');
  }

  #keepAnAdmin(user: UserRecord): void {
    const admins = this.#admins();
    if (admins.length === 1 && admins[0]!.id === user.id) {
      throw new AccessError('last_admin', 'this is the only admin; make another one first');
    }
  }
}

/** As names are compared: nobody is two users by writing himself differently. */
export function loginName(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

const OF_ROLE = new Map(ROLE_NAMES.map((role) => [role, new Set(ROLES[role])]));
const NONE: ReadonlySet<Scope> = new Set();

/** What a user may do now. */
export function scopesOf({ role, scopes }: Pick<UserRecord, 'role' | 'scopes'>): ReadonlySet<Scope> {
  const all = isRole(role) ? OF_ROLE.get(role)! : NONE;
  return scopes ? all.intersection(new Set(scopes)) : all;
}

export function fact(
  action: string,
  { id, name }: Pick<UserRecord, 'id' | 'name'>,
  { by, nowUs, correlationId }: Change,
  states: { before?: object; after?: object },
): AccessFact {
  const after = { name, ...states.after, ...(correlationId && { correlationId }) };
  return { action, subject: id, before: states.before, after, atUs: nowUs, by };
}
