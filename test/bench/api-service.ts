// A collector with something to answer, in a process of its own, and the logins that ask it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initHome } from '../../collector/src/init.ts';
import { caOf, consoleIdentityOf, enrolTestAgent } from '../support/agent-identity.ts';
import { ApiUser, PASSWORD } from '../support/api-user.ts';
import { sentLogin } from '../support/api-world.ts';
import { freePort } from '../support/child-server.ts';
import { CollectorProcess, ConsoleClient } from '../support/collector.ts';
import { bruteForce, processEvents } from '../support/envelopes.ts';
import { ask } from '../support/http.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';
import type { Scope } from './scope.ts';

/** Each may ask 1,000 times a second: more than all of them together do. A user has 20 at most. */
const LOGINS = 16;
const EVENTS = 5_000;

export interface ApiService {
  url: string;
  /** Access tokens, of as many logins. */
  tokens: string[];
  alertId: string;
  /** Raises an alert about a source; resolves when the request is answered. */
  raise: (source: string) => Promise<void>;
}

export async function startService(scope: Scope): Promise<ApiService> {
  const home = mkdtempSync(join(tmpdir(), 'threatguard-bench-api-'));
  scope.defer(() => rmSync(home, { recursive: true, force: true }));
  const { firstAdminSecret } = await initHome({ home, listen: '127.0.0.1:0', nowMs: Date.now() });
  const url = `http://127.0.0.1:${await freePort()}`;
  const { address } = await scope.hold(
    CollectorProcess.start(home, { THREATGUARD_LISTEN: '127.0.0.1:0', THREATGUARD_HTTP_LISTEN: url.slice(7) }),
  );
  await until(() => ask(`${url}/health`).catch(() => undefined), { limitMs: 10_000, what: 'the HTTP service' });
  await ask(`${url}/api/auth/first-admin`, { json: { secret: firstAdminSecret, name: 'bench', password: PASSWORD } });
  const tokens: string[] = [];
  while (tokens.length < LOGINS) tokens.push((await ApiUser.logIn(url, 'bench')).accessToken);

  using client = new ConsoleClient(address, consoleIdentityOf(home));
  const { token } = await client.createToken();
  const identity = await enrolTestAgent({ address, ca: caOf(home), token: token!, hostName: 'web-1' });
  using agent = await SealingAgent.connect({ address, identity });
  for (let sent = 0; sent < EVENTS; sent += 500)
    await agent.send(processEvents(500, (Date.now() - EVENTS + sent) * 1000));
  await agent.send(bruteForce('192.0.2.77'));

  const asked = (path: string, json?: unknown) =>
    ask(url + path, { token: tokens[0]!, ...(json !== undefined && { json }) });
  const raise = async (source: string) => {
    const events = Array.from({ length: 12 }, () => ({ ...sentLogin(source), user: { name: `guessed-${source}` } }));
    const { status, body } = await asked('/api/threat/detect-realtime', { events, host: 'lab', store: true });
    if (status !== 200 || !body.stored) throw new Error(`no alert was raised: ${JSON.stringify(body)}`);
  };
  for (let at = 1; at <= 20; at++) await raise(`203.0.113.${at}`);
  const { alerts } = (await asked('/api/threat/alerts')).body;
  return { url, tokens, alertId: alerts[0].id, raise };
}
