import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { caOf, consoleIdentityOf, enrolTestAgent } from '../support/agent-identity.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from '../support/collector.ts';
import { bruteForce } from '../support/envelopes.ts';
import { type NatsServer, natsAvailable, startNats } from '../support/nats.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { hasTmux, TmuxConsole } from '../support/tmux.ts';

describe.skipIf(!hasTmux || !natsAvailable())('the dashboard while servers die (needs tmux, nats-server)', () => {
  let home: string;
  let nats: NatsServer;
  let collector: CollectorProcess;
  let agent: SealingAgent;
  let listen = '127.0.0.1:0';

  async function startCollector(): Promise<void> {
    collector = await CollectorProcess.start(home, {
      THREATGUARD_LISTEN: listen,
      THREATGUARD_NATS_URL: nats.url,
      THREATGUARD_NATS_CONSOLE_URL: nats.url,
    });
    listen = collector.address;
    writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: listen }));
  }

  beforeAll(async () => {
    home = await initTestHome();
    nats = await startNats();
    await startCollector();
    using client = new ConsoleClient(listen, consoleIdentityOf(home));
    const { token } = await client.createToken();
    const identity = await enrolTestAgent({ address: listen, ca: caOf(home), token: token!, hostName: 'web-1' });
    agent = await SealingAgent.connect({ address: listen, identity });
  });

  afterAll(async () => {
    agent?.[Symbol.dispose]();
    await collector?.stop('SIGKILL');
    await nats?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  const attack = (source: string) => agent.send(bruteForce(source));

  it('says which way alerts come, and shows what was raised while NATS, then all of it, was gone', async () => {
    using console = new TmuxConsole(['dashboard', 'alerts'], {
      columns: 120,
      rows: 24,
      env: { THREATGUARD_HOME: home, TZ: 'UTC', LANG: 'C.UTF-8', XDG_CONFIG_HOME: join(home, 'config') },
    });
    await console.shows(/^ThreatGuard local 127.* NATS$/m);
    await attack('192.0.2.1');
    await console.shows('192.0.2.1 ');

    await nats.stop('SIGKILL');
    await console.shows(/^ThreatGuard local 127.* gRPC$/m);
    await console.shows('lost NATS');
    await attack('192.0.2.2');
    await console.shows('192.0.2.2 ');

    await nats.restart();
    await console.shows(/^ThreatGuard local 127.* NATS$/m);
    await attack('192.0.2.3');
    await console.shows('192.0.2.3 ');

    agent[Symbol.dispose]();
    await Promise.all([nats.stop('SIGKILL'), collector.stop('SIGKILL')]);
    await console.shows(/^ThreatGuard no answer: .* no alerts$/m);
    await nats.restart();
    await startCollector();
    agent = await SealingAgent.connect({ address: listen, identity: agent.identity, position: agent.position });
    await attack('192.0.2.4');
    await console.shows('192.0.2.4 ');
    await console.shows(/^ThreatGuard local 127.* (NATS|gRPC)$/m);
    for (const source of ['192.0.2.1 ', '192.0.2.2 ', '192.0.2.3 ']) await console.shows(source);
    console.press('q');
    await console.shows('ended with 0');
  });
});
