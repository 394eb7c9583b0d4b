import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { bruteForce } from '../support/envelopes.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { hasTmux, TmuxConsole } from '../support/tmux.ts';

describe.skipIf(!hasTmux)('the dashboard in a terminal (needs tmux)', () => {
  let home: string;
  let collector: TestCollector;
  let agent: SealingAgent;

  beforeAll(async () => {
    home = await initTestHome();
    collector = await TestCollector.start({ home });
    writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
    agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
  });

  afterAll(async () => {
    agent?.[Symbol.dispose]();
    await collector?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  const attack = (source: string) => agent.send(bruteForce(source));
  const open = (args: string[] = [], columns = 80, rows = 24) =>
    new TmuxConsole(['dashboard', ...args], {
      columns,
      rows,
      env: { THREATGUARD_HOME: home, TZ: 'UTC', LANG: 'C.UTF-8', XDG_CONFIG_HOME: join(home, 'config') },
    });

  it('finds an alert, opens it, goes on from a value, closes it with a verdict; another console sees it', async () => {
    using one = open();
    using other = open(['alerts'], 160, 50);
    await one.shows('Highest risk');
    await other.shows('no alerts yet');
    await other.shows('gRPC');
    await attack('192.0.2.55');
    // It comes by itself where it is looked at.
    await other.shows(/open +web-1 .*192\.0\.2\.55/);

    one.type(':al');
    one.press('Enter');
    await one.shows(/> .*192\.0\.2\.55/);
    one.type('/192.0.2.55');
    one.press('Enter', 'Enter');
    await one.shows('What to do next');
    one.type('g');
    await one.shows(/address 192\.0\.2\.55/);
    const menu = one.screen();
    one.type(/(\d) {2}address 192/.exec(menu)![1]!);
    await one.shows('about source.ip:192.0.2.55');
    await one.shows(/Newest events \(20\)/);
    one.press('Escape');
    await one.shows('ATT&CK');
    one.type('c');
    await one.shows('false positive: it did not happen');
    one.type('f');
    await one.shows('why (may be empty)');
    one.type('a test of ours');
    one.press('Enter');
    await one.shows('alert closed');
    await one.shows(/state +closed, false-positive/);
    one.type('/a test of ours');
    one.press('Enter');
    await one.shows('admin: closed as false-positive: a test of ours');

    await other.shows(/closed +web-1 .*192\.0\.2\.55/);
    one.press('q');
    await one.shows('ended with 0');
  });

  it('works after a resize, says when the collector is away, and catches up with what came meanwhile', async () => {
    using console = open(['alerts']);
    await console.shows('192.0.2.55');
    console.resize(160, 50);
    await console.shows('RAISED (UTC)');
    expect(console.screen().split('\n').slice(0, 50).at(-1)).toContain(': view');
    console.resize(80, 24);
    await console.shows(/^ThreatGuard/);

    agent[Symbol.dispose]();
    const { address } = collector;
    await collector[Symbol.asyncDispose]();
    await console.shows('no answer');
    collector = await TestCollector.start({ home, listen: address });
    agent = await SealingAgent.connect({ address, identity: agent.identity, position: agent.position });
    await attack('192.0.2.56');
    await console.shows('192.0.2.56');
    await console.shows(/^ThreatGuard local 127/);
    console.press('q');
    await console.shows('ended with 0');
  });

  it('takes keys that come at once each for itself, and pasted text as text', async () => {
    using console = open(['alerts']);
    await console.shows(/> .*192\.0\.2\.56/);
    console.type(':agents\r');
    await console.shows('alerts > agents');
    console.paste(':alerts\n');
    await console.shows('nothing here takes pasted text');
    console.type('/');
    console.paste('web-1\nrm');
    await console.shows('/web-1 rm_');
  });

  it('changes nothing where it is read-only', async () => {
    using console = open(['alerts', '--readonly']);
    await console.shows('read-only');
    await console.shows(/> .*192\.0\.2\.56/);
    console.type('a');
    await console.shows('this console may not ack');
  });
});
