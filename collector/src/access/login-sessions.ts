// Logins that go on. Each has a refresh token, exchanged for the next one every time it is used: one that was exchanged
// already and comes again was copied, by whoever has the other one or by whoever shows this one, so both are out.
//
// Form: #byId holds every session of the store that is not over, #ended those that were ended here: they stay ended whatever the
// store says, which may not have been reached. Invariant: a generation is committed before its token leaves.
import { randomUUID } from 'node:crypto';
import type { AccessStore, SessionRecord } from '../store/access-store.ts';
import { Turns } from '../turns.ts';
import { AccessError } from './access-error.ts';
import type { SecretBox } from './secret-box.ts';
import { type Change, fact, type Users } from './users.ts';

const DAY_US = 24 * 3_600_000_000;
/** Since it was last used, and in all. */
const IDLE_US = DAY_US;
const LIFE_US = 7 * DAY_US;
/** Of one user; the one that was used least lately goes. */
const OF_USER_MAX = 20;
/** Remembered as ended; as many as the store gives. */
const ENDED_MAX = 50_000;
const TOKEN = /^tgr\.(?<id>[0-9a-f-]{36})\.(?<generation>\d{1,9})\.(?<mac>[A-Za-z0-9_-]{43})$/;

export class LoginSessions {
  readonly #store: AccessStore;
  readonly #users: Users;
  readonly #box: SecretBox;
  readonly #vouchedUs: number;
  readonly #ended = new Set<string>();
  #byId: Map<string, SessionRecord>;
  readonly #turns = new Turns();

  constructor(parts: {
    store: AccessStore;
    users: Users;
    box: SecretBox;
    sessions: readonly SessionRecord[];
    /** Of logins that somebody else vouched for. */
    vouchedUs?: number | undefined;
  }) {
    this.#store = parts.store;
    this.#users = parts.users;
    this.#box = parts.box;
    this.#vouchedUs = parts.vouchedUs ?? LIFE_US;
    this.#byId = new Map(parts.sessions.map((session) => [session.id, session]));
  }

  /** As they stand in the store now: another collector may have changed them. */
  replace(sessions: readonly SessionRecord[]): void {
    this.#byId = new Map(sessions.filter(({ id }) => !this.#ended.has(id)).map((session) => [session.id, session]));
  }

  /** Whether a session goes on: asked of every access token. */
  isLive(id: string, userId: string, nowUs: number): boolean {
    const session = this.#byId.get(id);
    return session !== undefined && session.userId === userId && nowUs < session.expiresAtUs;
  }

  find(id: string): SessionRecord | undefined {
    return this.#byId.get(id);
  }

  of(userId: string, nowUs: number): SessionRecord[] {
    return [...this.#byId.values()].filter((each) => each.userId === userId && nowUs < each.expiresAtUs);
  }

  async open(userId: string, change: Change): Promise<{ session: SessionRecord; refreshToken: string }> {
    const { nowUs, by } = change;
    const own = this.of(userId, nowUs).sort((a, b) => a.usedAtUs - b.usedAtUs);
    if (own.length >= OF_USER_MAX) await this.end([own[0]!.id]);
    const user = this.#users.get(userId)!;
    const times = { madeAtUs: nowUs, usedAtUs: nowUs, expiresAtUs: nowUs + Math.min(IDLE_US, this.#lifeUs(user)) };
    const session = { id: randomUUID(), userId, generation: 1, from: by.from, ...times };
    await this.#store.saveSession(session, fact('user.logged_in', user, change, { after: { session: session.id } }));
    this.#byId.set(session.id, session);
    return { session, refreshToken: this.#token(session) };
  }

  /** The next generation. Throws AccessError `not_known`; a token that was used before ends its session. */
  refresh(token: string, change: Change): Promise<{ session: SessionRecord; refreshToken: string }> {
    return this.#turns.next(() => this.#refresh(token, change));
  }

  async #refresh(token: string, change: Change) {
    const refused = new AccessError('not_known', 'this refresh token is not valid, or not any more; log in again');
    const given = TOKEN.exec(token)?.groups;
    if (!given || !this.#box.isVouched(vouched(given.id!, Number(given.generation)), given.mac!)) throw refused;
    const session = this.#byId.get(given.id!);
    const user = session && this.#users.get(session.userId);
    const { nowUs } = change;
    if (!session || !user || nowUs >= session.expiresAtUs) throw refused;
    if (Number(given.generation) !== session.generation) {
      const after = { session: session.id, generation: Number(given.generation), newest: session.generation };
      await this.end([session.id], { ...change, user, action: 'user.refresh_token_reused', after });
      throw refused;
    }
    const expiresAtUs = Math.min(nowUs + IDLE_US, session.madeAtUs + this.#lifeUs(user));
    const next = { ...session, generation: session.generation + 1, usedAtUs: nowUs, expiresAtUs };
    // It may have been ended meanwhile, or renewed by another collector.
    if (!(await this.#store.renewSession(next)) || !this.#byId.has(session.id)) throw refused;
    this.#byId.set(session.id, next);
    return { session: next, refreshToken: this.#token(next) };
  }

  /** At once: the next request with a token of these is refused, whatever becomes of the store. */
  async end(
    ids: readonly string[],
    about?: Change & { user: { id: string; name: string }; action: string; after?: object },
  ): Promise<void> {
    for (const id of ids) {
      this.#byId.delete(id);
      this.#ended.add(id);
      if (this.#ended.size > ENDED_MAX) this.#ended.delete(this.#ended.values().next().value!);
    }
    await this.#store.removeSessions(ids, about && fact(about.action, about.user, about, { after: about.after ?? {} }));
  }

  /** All of a user, but for one that may go on. */
  async endAll(userId: string, except?: string): Promise<void> {
    const ids = [...this.#byId.values()].filter((each) => each.userId === userId && each.id !== except);
    if (ids.length > 0) await this.end(ids.map(({ id }) => id));
  }

  #lifeUs({ issuer }: { issuer: string }): number {
    return issuer === '' ? LIFE_US : this.#vouchedUs;
  }

  #token({ id, generation }: SessionRecord): string {
    return `tgr.${id}.${generation}.${this.#box.vouch(vouched(id, generation))}`;
  }
}

function vouched(id: string, generation: number): string {
  return `threatguard/refresh/v1 ${id} ${generation}`;
}
