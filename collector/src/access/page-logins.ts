// Logins of the admin page: what its cookie holds, and what its forms prove.
import type { Caller } from './caller.ts';
import type { LoginSessions } from './login-sessions.ts';
import type { SecretBox } from './secret-box.ts';
import { scopesOf, type Users } from './users.ts';

export interface PageLoginsParts {
  users: Users;
  sessions: LoginSessions;
  box: SecretBox;
  /** Resolves when memory has every change that was answered before. */
  refresh: () => Promise<void>;
  nowMs: () => number;
}

export class PageLogins {
  readonly #parts: PageLoginsParts;

  constructor(parts: PageLoginsParts) {
    this.#parts = parts;
  }

  /** What the cookie of a page holds: access tokens are larger than a cookie may be. */
  ticket(sessionId: string): string {
    return `${sessionId}.${this.#parts.box.vouch(`threatguard/page/v1 ${sessionId}`)}`;
  }

  /** Who the cookie of a page is of; undefined where it is of nobody, or not any more. */
  async identify(ticket: string): Promise<Caller | undefined> {
    const [id = '', mac = ''] = ticket.split('.');
    if (!this.#parts.box.isVouched(`threatguard/page/v1 ${id}`, mac)) return undefined;
    await this.#parts.refresh();
    const session = this.#parts.sessions.find(id);
    const user = session && this.#parts.users.get(session.userId);
    if (!user || !this.#parts.sessions.isLive(id, user.id, this.#parts.nowMs() * 1000)) return undefined;
    const { expiresAtUs } = session;
    return { kind: 'user', id, userId: user.id, name: user.name, scopes: scopesOf(user), expiresAtUs };
  }

  /** What a form of a page of this login holds, and no other site knows. */
  proof(sessionId: string): string {
    return this.#parts.box.vouch(`threatguard/form/v1 ${sessionId}`);
  }

  isProof(sessionId: string, proof: string): boolean {
    return this.#parts.box.isVouched(`threatguard/form/v1 ${sessionId}`, proof);
  }
}
