import type { AccessFact, AccessStore, SessionRecord, UserRecord, UserTokenRecord } from './access-store.ts';
import { appendAudit } from './audit.ts';
import type { Database, Session } from './database.ts';
import { storableText, timestamp } from './values.ts';

/** Ten times what an organisation that runs one collector has. */
const USERS_MAX = 10_000;
const SESSIONS_MAX = 50_000;
const TOKENS_MAX = 50_000;

export class AccessRecords implements AccessStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async users(): Promise<UserRecord[]> {
    const rows = await this.#database.query(
      `select id::text as id, name, role, scopes, password, totp_secret, totp_pending, totp_step, issuer, subject, made_at,
         last_login_at from users order by name limit $1`,
      [USERS_MAX],
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      role: row.role,
      scopes: row.scopes === null ? undefined : (JSON.parse(row.scopes) as string[]),
      password: row.password,
      totpSecret: row.totp_secret ?? undefined,
      totpPending: row.totp_pending ?? undefined,
      totpStep: row.totp_step,
      issuer: row.issuer,
      subject: row.subject,
      madeAtUs: row.made_at,
      lastLoginAtUs: row.last_login_at ?? undefined,
    }));
  }

  saveUser(user: UserRecord, fact?: AccessFact): Promise<void> {
    return this.#with(fact, async (session) => {
      await session.query(
        `insert into users values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (id) do update set name = excluded.name, role = excluded.role, scopes = excluded.scopes,
           password = excluded.password, totp_secret = excluded.totp_secret, totp_pending = excluded.totp_pending,
           totp_step = excluded.totp_step, issuer = excluded.issuer, subject = excluded.subject,
           last_login_at = excluded.last_login_at`,
        [
          user.id,
          storableText(user.name),
          user.role,
          user.scopes ? JSON.stringify(user.scopes) : null,
          user.password,
          user.totpSecret ?? null,
          user.totpPending ?? null,
          user.totpStep,
          storableText(user.issuer),
          storableText(user.subject),
          timestamp(user.madeAtUs),
          user.lastLoginAtUs === undefined ? null : timestamp(user.lastLoginAtUs),
        ],
      );
    });
  }

  removeUser(id: string, fact: AccessFact): Promise<void> {
    return this.#with(fact, async (session) => {
      await session.query('delete from users where id = $1', [id]);
    });
  }

  async sessions(nowUs: number): Promise<SessionRecord[]> {
    const rows = await this.#database.query(
      `select id::text as id, user_id::text as user_id, generation, origin, made_at, used_at, expires_at from user_sessions
       where expires_at > $1 order by used_at desc limit $2`,
      [timestamp(nowUs), SESSIONS_MAX],
    );
    return rows.map((row) => ({
      id: row.id,
      userId: row.user_id,
      generation: row.generation,
      from: row.origin,
      madeAtUs: row.made_at,
      usedAtUs: row.used_at,
      expiresAtUs: row.expires_at,
    }));
  }

  saveSession({ id, userId, generation, from, ...times }: SessionRecord, fact?: AccessFact): Promise<void> {
    const { madeAtUs, usedAtUs, expiresAtUs } = times;
    return this.#with(fact, async (session) => {
      await session.query(
        `insert into user_sessions values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set generation = excluded.generation, used_at = excluded.used_at,
           expires_at = excluded.expires_at`,
        [id, userId, generation, from, timestamp(madeAtUs), timestamp(usedAtUs), timestamp(expiresAtUs)],
      );
    });
  }

  removeSessions(ids: readonly string[], fact?: AccessFact): Promise<void> {
    return this.#with(fact, async (session) => {
      const sql = 'delete from user_sessions where id in (select value::uuid from json_array_elements_text($1::json))';
      await session.query(sql, [JSON.stringify(ids)]);
    });
  }

  async tokens(nowUs: number): Promise<UserTokenRecord[]> {
    const rows = await this.#database.query(
      `select id, user_id::text as user_id, secret_hash, label, scopes, made_at, expires_at from user_tokens
       where expires_at > $1 order by made_at limit $2`,
      [timestamp(nowUs), TOKENS_MAX],
    );
    return rows.map((row) => ({
      id: row.id,
      userId: row.user_id,
      secretHash: row.secret_hash,
      label: row.label,
      scopes: JSON.parse(row.scopes) as string[],
      madeAtUs: row.made_at,
      expiresAtUs: row.expires_at,
    }));
  }

  addToken({ id, userId, secretHash, label, scopes, madeAtUs, expiresAtUs }: UserTokenRecord, fact: AccessFact) {
    return this.#with(fact, async (session) => {
      await session.query('insert into user_tokens values ($1, $2, $3, $4, $5, $6, $7)', [
        id,
        userId,
        secretHash,
        storableText(label),
        JSON.stringify(scopes),
        timestamp(madeAtUs),
        timestamp(expiresAtUs),
      ]);
    });
  }

  removeToken(id: string, fact: AccessFact): Promise<void> {
    return this.#with(fact, async (session) => {
      await session.query('delete from user_tokens where id = $1', [id]);
    });
  }

  recordFact(fact: AccessFact): Promise<void> {
    return this.#with(fact, async () => undefined);
  }

  #with(fact: AccessFact | undefined, change: (session: Session) => Promise<void>): Promise<void> {
    return this.#database.transaction(async (session) => {
      await change(session);
      if (fact) await appendAudit(session, fact.atUs, fact.by, fact);
    });
  }
}
