// Tokens for scripts: of a user, with some of his scopes, until a day. What a user may not do any more his tokens may not either.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccessStore, UserRecord, UserTokenRecord } from '../store/access-store.ts';
import { AccessError } from './access-error.ts';
import type { Caller } from './caller.ts';
import { isScope, type Scope } from './scopes.ts';
import { type Change, fact, scopesOf, type Users } from './users.ts';

const DAY_S = 24 * 3600;
export const TOKEN_DAYS_MAX = 365;
export const TOKEN_DAYS_DEFAULT = 90;
const OF_USER_MAX = 100;
const LABEL_CHARS_MAX = 128;
/** The prefix is what scanners of repositories look for. */
const TOKEN = /^tgs_(?<id>[0-9a-f]{16})_(?<secret>[A-Za-z0-9_-]{43})$/;

export class ScriptTokens {
  readonly #store: AccessStore;
  readonly #users: Users;
  #byId: Map<string, UserTokenRecord>;

  constructor(parts: { store: AccessStore; users: Users; tokens: readonly UserTokenRecord[] }) {
    this.#store = parts.store;
    this.#users = parts.users;
    this.#byId = new Map(parts.tokens.map((token) => [token.id, token]));
  }

  /** As they stand in the store now: another collector may have changed them. */
  replace(tokens: readonly UserTokenRecord[]): void {
    this.#byId = new Map(tokens.map((token) => [token.id, token]));
  }

  all(nowUs: number): UserTokenRecord[] {
    return [...this.#byId.values()].filter(({ expiresAtUs }) => nowUs < expiresAtUs);
  }

  /** Its text is given here and nowhere else. Throws AccessError `scope_beyond`. */
  async make(
    user: UserRecord,
    wanted: { label: string; scopes: readonly Scope[]; validSeconds?: number | undefined },
    change: Change,
  ): Promise<{ token: string; record: UserTokenRecord }> {
    const may = scopesOf(user);
    const beyond = wanted.scopes.find((scope) => !may.has(scope));
    if (beyond) throw new AccessError('scope_beyond', `${user.name} (${user.role}) does not have the scope ${beyond}`);
    if (wanted.scopes.length === 0) throw new AccessError('scope_beyond', 'a token needs one scope or more');
    const { nowUs } = change;
    if (this.all(nowUs).filter(({ userId }) => userId === user.id).length >= OF_USER_MAX) {
      throw new AccessError('scope_beyond', `${user.name} has ${OF_USER_MAX} tokens already; remove some`);
    }
    const seconds = Math.min(wanted.validSeconds ?? TOKEN_DAYS_DEFAULT * DAY_S, TOKEN_DAYS_MAX * DAY_S);
    const secret = randomBytes(32).toString('base64url');
    const record: UserTokenRecord = {
      id: randomBytes(8).toString('hex'),
      userId: user.id,
      secretHash: hashOf(secret),
      label: wanted.label.slice(0, LABEL_CHARS_MAX),
      scopes: [...new Set(wanted.scopes)],
      madeAtUs: nowUs,
      expiresAtUs: nowUs + seconds * 1_000_000,
    };
    const { id, label, scopes, expiresAtUs } = record;
    const after = { token: id, label, scopes, expiresAtUs };
    await this.#store.addToken(record, fact('user.token_made', user, change, { after }));
    this.#byId.set(id, record);
    return { token: `tgs_${id}_${secret}`, record };
  }

  /** Throws AccessError `no_such_token`. */
  async remove(id: string, change: Change): Promise<void> {
    const record = this.#byId.get(id);
    const user = record && this.#users.get(record.userId);
    if (!record || !user) throw new AccessError('no_such_token', 'no token has this id');
    this.#byId.delete(id);
    await this.#store.removeToken(
      id,
      fact('user.token_removed', user, change, { before: { token: id, label: record.label } }),
    );
  }

  /** Those of a user who was removed: the store has none any more. */
  forgetUser(userId: string): void {
    for (const { id, userId: owner } of this.#byId.values()) if (owner === userId) this.#byId.delete(id);
  }

  find(id: string): UserTokenRecord | undefined {
    return this.#byId.get(id);
  }

  /** Undefined where the text is no token of ours, or not any more. */
  identify(text: string, nowUs: number): Caller | undefined {
    const given = TOKEN.exec(text)?.groups;
    const record = given && this.#byId.get(given.id!);
    if (!record || !timingSafeEqual(hashOf(given.secret!), record.secretHash)) return undefined;
    const user = this.#users.get(record.userId);
    if (!user || nowUs >= record.expiresAtUs) return undefined;
    const may = scopesOf(user);
    const scopes = new Set(record.scopes.filter(isScope).filter((scope) => may.has(scope)));
    return { kind: 'token', id: record.id, userId: user.id, name: user.name, scopes, expiresAtUs: record.expiresAtUs };
  }
}

/** A secret of 256 random bits needs no slow hash: there is nothing to guess. */
function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
