// Somebody who is logged in to the HTTP service of a collector.
import type { TestCollector } from './collector.ts';
import { type Answer, ask } from './http.ts';

export const PASSWORD = 'correct horse battery staple';

type Init = NonNullable<Parameters<typeof ask>[1]>;

export class ApiUser {
  readonly url: string;
  accessToken = '';
  refreshToken = '';

  constructor(url: string) {
    this.url = url;
  }

  /** The first admin of a collector that has nobody yet. */
  static async first(
    collector: Pick<TestCollector, 'httpUrl' | 'firstAdminSecret'>,
    name = 'root-admin',
  ): Promise<ApiUser> {
    const body = { secret: collector.firstAdminSecret!, name, password: PASSWORD };
    const made = await ask(`${collector.httpUrl}/api/auth/first-admin`, { json: body });
    if (made.status !== 201) throw new Error(`no first admin: ${JSON.stringify(made.body)}`);
    return ApiUser.logIn(collector.httpUrl, name);
  }

  static async logIn(url: string, name: string, more: { password?: string; code?: string } = {}): Promise<ApiUser> {
    const answer = await ask(`${url}/api/auth/login`, { json: { name, password: PASSWORD, ...more } });
    if (answer.status !== 200) throw new Error(`not logged in: ${JSON.stringify(answer.body)}`);
    const user = new ApiUser(url);
    user.take(answer.body);
    return user;
  }

  /** Adds a user and logs in as him. */
  async withRole(name: string, role: string): Promise<ApiUser> {
    const added = await this.ask('/api/users', { json: { name, role, password: PASSWORD } });
    if (added.status !== 201) throw new Error(`not added: ${JSON.stringify(added.body)}`);
    return ApiUser.logIn(this.url, name);
  }

  take(grant: { access_token: string; refresh_token: string }): void {
    this.accessToken = grant.access_token;
    this.refreshToken = grant.refresh_token;
  }

  ask(path: string, init: Init = {}): Promise<Answer> {
    return ask(this.url + path, { token: this.accessToken, ...init });
  }
}

/** The secret of a second factor, as it is told (RFC 4648). */
export function fromBase32(text: string): Uint8Array {
  const bits = [...text]
    .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'))
    .join('');
  return Uint8Array.from(bits.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
}
