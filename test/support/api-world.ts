// A collector whose routes all have something to answer with, and those who ask it.
import { randomBytes } from 'node:crypto';
import { type HostEvent, Outcome } from '@threatguard/proto';
import { ApiUser, PASSWORD } from './api-user.ts';
import { TestCollector } from './collector.ts';
import { bruteForce, failedLogin } from './envelopes.ts';
import { SealingAgent } from './sealing-agent.ts';

export class ApiWorld implements AsyncDisposable {
  readonly collector: TestCollector;
  readonly admin: ApiUser;
  readonly analyst: ApiUser;
  /** Of a script of the admin, with every scope; and with one that no route needs. */
  readonly script: string;
  readonly narrow: string;
  readonly #agent: SealingAgent;
  #person: Promise<{ name: string; user: ApiUser }> | undefined;
  readonly #clock: { frozenAtMs: number | undefined };

  private constructor(
    parts: Pick<ApiWorld, 'collector' | 'admin' | 'analyst' | 'script' | 'narrow'> & {
      agent: SealingAgent;
      clock: { frozenAtMs: number | undefined };
    },
  ) {
    this.collector = parts.collector;
    this.admin = parts.admin;
    this.analyst = parts.analyst;
    this.script = parts.script;
    this.narrow = parts.narrow;
    this.#agent = parts.agent;
    this.#clock = parts.clock;
  }

  static async start(): Promise<ApiWorld> {
    const clock: { frozenAtMs: number | undefined } = { frozenAtMs: undefined };
    const collector = await TestCollector.start({
      config: 'http:\n  listen: 127.0.0.1:0\n',
      nowMs: () => clock.frozenAtMs ?? Date.now(),
    });
    const agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
    const admin = await ApiUser.first(collector);
    const analyst = await admin.withRole('ana', 'analyst');
    // Two stories that have nothing in common: alerts and incidents whose ids begin alike.
    await agent.send([...bruteForce('192.0.2.77'), rightAtLast('192.0.2.77')]);
    const events = [
      ...Array.from({ length: 20 }, () => sentLogin('203.0.113.60')),
      { ...sentLogin('203.0.113.60'), outcome: 'success' },
    ];
    const kept = await admin.ask('/api/threat/detect-realtime', { json: { events, host: 'lab-2', store: true } });
    if (!kept.body.stored) throw new Error(`nothing was found in what was sent: ${JSON.stringify(kept.body)}`);
    const all = (await admin.ask('/api/auth/me')).body.scopes as string[];
    const token = async (scopes: string[]) =>
      (await admin.ask('/api/tokens', { json: { scopes } })).body.token as string;
    const [script, narrow] = [await token(all), await token(['audit:read'])];
    return new ApiWorld({ collector, admin, analyst, script, narrow, agent, clock });
  }

  /** From now on no allowance comes back. */
  freeze(): void {
    this.#clock.frozenAtMs = Date.now();
  }

  /** Another login of the analyst, to log out. */
  another(): Promise<ApiUser> {
    return ApiUser.logIn(this.analyst.url, 'ana');
  }

  /** The name of somebody new who never logs in. */
  async nameOfNew(): Promise<string> {
    const json = newUser();
    await this.admin.ask('/api/users', { json });
    return json.name;
  }

  /** Somebody new, whose password may change. Adding and logging in cost a hash of it each. */
  async somebody(): Promise<{ name: string; user: ApiUser }> {
    const name = `user-${randomBytes(4).toString('hex')}`;
    return { name, user: await this.admin.withRole(name, 'viewer') };
  }

  /** Somebody whose role and second factor may change; not his password. */
  person(): Promise<{ name: string; user: ApiUser }> {
    this.#person ??= this.somebody();
    return this.#person;
  }

  /** The id of the first of a list the admin may see. */
  async idOf(list: 'alerts' | 'incidents'): Promise<string> {
    return (await this.admin.ask(`/api/threat/${list}`)).body[list][0].id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent[Symbol.dispose]();
    await this.collector[Symbol.asyncDispose]();
  }
}

/** A wrong password as it is sent to detect-realtime. */
export const sentLogin = (source_address: string) => ({
  class: 'authentication',
  activity: 'logon',
  outcome: 'failure',
  sensor: 'auth.file',
  service_name: 'sshd',
  user: { name: 'guessed' },
  authentication: { method: 'password', source_address, source_port: 50_000 },
});

const rightAtLast = (source: string): HostEvent => ({ ...failedLogin(source), outcome: Outcome.SUCCESS });

export const newUser = () => ({ name: `user-${randomBytes(4).toString('hex')}`, role: 'viewer', password: PASSWORD });
