import type {
  AccessFact,
  AccessStore,
  SessionRecord,
  UserChange,
  UserRecord,
  UserTokenRecord,
} from './access-store.ts';
import { appendAudit } from './audit.ts';
import type { Database, Parameter, Session } from './database.ts';
import { storableText, timestamp } from './values.ts';

/** Ten times what an organisation that runs one collector has. */
const USERS_MAX = 10_000;
const SESSIONS_MAX = 50_000;
const TOKENS_MAX = 50_000;

const asIs = <T extends Parameter>(value: T): Parameter => value;

/** Columns of `users` that may change. */
const CHANGEABLE = {
  role: { column: 'role', stored: asIs },
  password: { column: 'password', stored: asIs },
  totpSecret: { column: 'totp_secret', stored: asIs },
  totpPending: { column: 'totp_pending', stored: asIs },
  totpStep: { column: 'totp_step', stored: asIs },
  lastLoginAtUs: { column: 'last_login_at', stored: timestamp },
} as const satisfies Record<keyof UserChange, { column: string; stored: (value: never) => Parameter }>;

export class AccessRecords implements AccessStore {
  readonly #database: Database;
  #changed: (version: number) => Promise<void> = async () => undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  onChange(listener: (version: number) => Promise<void>): void {
    this.#changed = listener;
  }

  async version(): Promise<number> {
    const [row] = await this.#database.query('select version from access_state');
    return row!.version;
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

  addUser(user: UserRecord, fact: AccessFact): Promise<void> {
    return this.#with(fact, async (session) => {
      await session.query('insert into users values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)', [
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
      ]);
    });
  }

  changeUser(id: string, change: UserChange, fact?: AccessFact): Promise<boolean> {
    return this.#with(fact, async (session) => {
      const values: Parameter[] = [id];
      const assignments = Object.entries(change).map(([name, value]) => {
        const { column, stored } = CHANGEABLE[name as keyof UserChange];
        return `${column} = $${values.push(value === undefined ? null : stored(value as never))}`;
      });
      const rows = await session.query(`update users set ${assignments.join(', ')} where id = $1 returning id`, values);
      return rows.length > 0;
    });
  }

  useTotpStep(id: string, step: number): Promise<boolean> {
    return this.#with(undefined, async (session) => {
      const sql = 'update users set totp_step = $2 where id = $1 and totp_step < $2 returning id';
      return (await session.query(sql, [id, step])).length > 0;
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
         on conflict (id) do nothing`,
        [id, userId, generation, from, timestamp(madeAtUs), timestamp(usedAtUs), timestamp(expiresAtUs)],
      );
    });
  }

  renewSession({ id, generation, usedAtUs, expiresAtUs }: SessionRecord): Promise<boolean> {
    return this.#with(undefined, async (session) => {
      const rows = await session.query(
        `update user_sessions set generation = $2, used_at = $3, expires_at = $4
         where id = $1 and generation = $5 returning id`,
        [id, generation, timestamp(usedAtUs), timestamp(expiresAtUs), generation - 1],
      );
      return rows.length > 0;
    });
  }

  async keepProviderTokens(sessionId: string, sealed: Uint8Array): Promise<void> {
    const statement = 'update user_sessions set provider_tokens = $2 where id = $1';
    await this.#database.query(statement, [sessionId, sealed]);
  }

  async providerTokens(sessionId: string): Promise<Uint8Array | undefined> {
    const statement = 'select provider_tokens from user_sessions where id = $1';
    const [row] = await this.#database.query(statement, [sessionId]);
    return row?.provider_tokens ?? undefined;
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
    return this.#database.transaction((session) => appendAudit(session, fact.atUs, fact.by, fact));
  }

  async #with<T>(fact: AccessFact | undefined, change: (session: Session) => Promise<T>): Promise<T> {
    const { result, version } = await this.#database.transaction(async (session) => {
      const result = await change(session);
      const [state] = await session.query('update access_state set version = version + 1 returning version');
      if (fact) await appendAudit(session, fact.atUs, fact.by, fact);
      return { result, version: state!.version as number };
    });
    await this.#changed(version);
    return result;
  }
}
