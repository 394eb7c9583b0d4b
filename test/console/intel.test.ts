// Indicators as an analyst handles them: the console as a process, a real collector, a real agent.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, Direction, EventClass, type HostEvent } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { RunningConsole } from '../support/console-process.ts';
import { stixBundle } from '../support/intel-feeds.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let home: string;
let directory: string;
let collector: TestCollector;
let agent: SealingAgent;
let feeds: Server;
/** What the server of feeds answers, by path. */
const answers = new Map<string, { body: string; etag?: string }>();
const asked: { path: string; etag: string | undefined }[] = [];

const run = (...args: string[]) => runCommand(['intel', ...args], { THREATGUARD_HOME: home, TZ: 'UTC' });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--output', 'json')).stdout);
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const connectionTo = (address: string, port = 443): HostEvent => ({
  observedAtUs: Date.now() * 1000,
  class: EventClass.NETWORK,
  activity: Activity.CONNECTION_OPENED,
  process: { pid: 7, executable: '/usr/bin/curl' },
  network: {
    direction: Direction.OUTBOUND,
    sourceAddress: '10.0.0.5',
    destinationAddress: address,
    destinationPort: port,
  },
});
const question = (name: string): HostEvent => ({
  observedAtUs: Date.now() * 1000,
  class: EventClass.NETWORK,
  activity: Activity.DNS_QUERY,
  network: { questionName: name },
});
const alertAbout = (value: string) =>
  until(
    async () =>
      (await collector.console.alerts()).alerts?.find(
        ({ entity, state }) => entity === `threatguard.indicator.value=${value}` && state !== 0,
      ),
    { limitMs: 10_000, what: `an alert about ${value}` },
  );
const settled = () =>
  until(
    async () => (await collector.console.status()) && (await retroJobs()).every((line) => line.includes(': done')),
    {
      limitMs: 20_000,
      what: 'stored events to be looked through',
    },
  );
const retroJobs = async () => (await run('sources')).stderr.split('\n').filter((line) => line.includes('held against'));

async function start(): Promise<void> {
  const { port } = feeds.address() as AddressInfo;
  const url = (path: string) => `http://127.0.0.1:${port}/${path}`;
  collector = await TestCollector.start({
    home,
    config: [
      'intel:',
      '  sources:',
      `    - { name: fetched, url: "${url('list.txt')}", every: 60s, confidence: 70, tlp: green }`,
      `    - { name: failing, url: "${url('nowhere')}", every: 1h }`,
    ].join('\n'),
  });
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-feeds-'));
  home = await initTestHome();
  answers.set('/list.txt', { body: '# ours\n198.51.100.0/24 ; range\nbad.example\n', etag: '"1"' });
  feeds = createServer((request, response) => {
    asked.push({ path: request.url ?? '', etag: request.headers['if-none-match'] });
    const answer = answers.get(request.url ?? '');
    if (request.url === '/slow') response.writeHead(200).write('203.0.113.99\n');
    else if (!answer) response.writeHead(404).end();
    else if (answer.etag && answer.etag === request.headers['if-none-match']) response.writeHead(304).end();
    else response.writeHead(200, answer.etag ? { etag: answer.etag } : {}).end(answer.body);
  });
  await new Promise<void>((listening) => feeds.listen(0, '127.0.0.1', listening));
  await start();
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
});

afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
  feeds?.closeAllConnections();
  feeds?.close();
  rmSync(directory, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

describe('an import', () => {
  it('tries everything without changing anything in a dry run, and names what it refuses', async () => {
    const path = file('list.txt', '203.0.113.7\nlocalhost\n0.0.0.0/0\n');
    const tried = await json('import', path, '--source', 'tried', '--dry-run');
    expect(tried).toMatchObject({
      source: 'tried',
      format: 'list',
      dry_run: true,
      added: 1,
      refused: 2,
      indicators: 1,
    });
    expect(tried.refusals.map(({ reason }: { reason: string }) => reason).sort()).toEqual([
      'a domain of one label',
      'a network too wide',
    ]);
    expect((await json('sources')).map(({ name }: { name: string }) => name)).not.toContain('tried');
  });

  it('makes an event an alert that says why', async () => {
    const bundle = stixBundle("[ipv4-addr:value = '203.0.113.7']", {
      indicator: { name: 'Loader', confidence: 90, valid_from: '2026-11-01T00:00:00Z' },
    });
    const imported = await run('import', file('bundle.json', bundle), '--source', 'isac', '--tlp', 'amber');
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toMatch(/source +isac \(stix\)\nindicators +1 of this source from now on/);
    await agent.send([connectionTo('203.0.113.7'), connectionTo('203.0.113.8'), connectionTo('203.0.113.7')]);
    const alert = await alertAbout('203.0.113.7');
    expect(alert).toMatchObject({ ruleId: 'indicator/address', agentName: 'web-1', techniques: ['T1071'], count: 1 });
    expect(alert.reason).toBe(
      'destination 203.0.113.7 is on feed isac (confidence 90, since 2026-11-01, TLP amber, "Loader")',
    );
    expect(alert.events).toHaveLength(2);
    expect(alert.values).toMatchObject({
      'threatguard.indicator.confidence': '90',
      'threatguard.indicator.field': 'destination.ip',
      'threatguard.indicator.sources': 'isac',
      'process.executable': '/usr/bin/curl',
      'threatguard.count': '2',
    });
  });

  it('adds to what its source said, or with --replace takes its place', async () => {
    expect(await json('import', file('a.txt', 'a.example\n'), '--source', 'grows')).toMatchObject({ indicators: 1 });
    expect(await json('import', file('b.txt', 'b.example\n'), '--source', 'grows')).toMatchObject({
      indicators: 2,
      added: 1,
    });
    const replaced = await json('import', file('b.txt', 'b.example\n'), '--source', 'grows', '--replace');
    expect(replaced).toMatchObject({ indicators: 1, known: 1, removed: 1 });
    const listed = await json('list', '--source', 'grows');
    expect(listed.map(({ value }: { value: string }) => value)).toEqual(['b.example']);
  });

  it.each([
    [['nowhere.txt', '--source', 'x'], 7, 'cannot be read'],
    [['.', '--source', 'x'], 7, 'is a directory'],
    [['http://192.0.2.1/list', '--source', 'x'], 5, 'is not HTTPS'],
    [['-', '--source', 'x', '--format', 'xml'], 2, '--format "xml" is not known'],
    [['-', '--source', 'x', '--tlp', 'purple'], 2, '--tlp "purple" is not known'],
    [['-', '--source', 'x', '--confidence', '101'], 2, 'from 0 to 100'],
    [['-', '--source', 'x', '--expires', 'soon'], 2, 'is no duration'],
    [['-', '--source', 'x', '--format', 'list', '--map', 'value=1'], 2, 'columns of CSV'],
    [['EMPTY', '--source', '\u001b[31m'], 2, 'a source is named by'],
    [['EMPTY', '--source', 'x'], 2, 'there are no entries'],
    [['USELESS', '--source', 'x'], 2, 'all entries are refused: 1 a domain of one label'],
    [['EMPTY', '--source', 'fetched'], 1, 'is what the collector fetches'],
  ])('of %j ends with %i: %s', async (args, code, message) => {
    const files = { EMPTY: file('empty', '# nothing\n'), USELESS: file('useless', 'localhost\n') };
    const words = args.map((word) => files[word as keyof typeof files] ?? word);
    const result = await run('import', ...words);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(message);
  });
});

it('an import that is stopped before its end has changed nothing', async () => {
  const { port } = feeds.address() as AddressInfo;
  const words = ['intel', 'import', `http://127.0.0.1:${port}/slow`, '--source', 'stopped'];
  await using running = new RunningConsole(words, { THREATGUARD_HOME: home });
  await until(() => asked.some(({ path }) => path === '/slow'), { limitMs: 10_000, what: 'the feed to be asked for' });
  expect(await running.stop()).not.toBe(0);
  expect((await json('sources')).map(({ name }: { name: string }) => name)).not.toContain('stopped');
  expect(await json('lookup', '203.0.113.99')).toMatchObject({ listed: false });
});

describe('a lookup', () => {
  it('says who lists a value, why, what weighs how much, and which stored events had it', async () => {
    await run('import', file('more.csv', 'ip,confidence\n203.0.113.7,10\n'), '--source', 'doubter');
    const found = await json('lookup', 'hxxp://203[.]0[.]113[.]7/x');
    expect(found).toMatchObject({ kind: 'url', listed: false, events: [] });
    const address = await json('lookup', '203[.]0[.]113[.]7');
    expect(address).toMatchObject({ kind: 'address', value: '203.0.113.7', listed: true });
    expect(address.indicators[0]).toMatchObject({
      weighed: expect.stringContaining('doubter 10 (counts 1/2, contradicts)'),
    });
    expect(address.events).toHaveLength(2);
    const shown = await run('lookup', 'www.bad.example');
    expect(shown.stdout).toContain('listed through domain bad.example');
    expect((await run('lookup', 'sub.a-new.example')).stdout).toContain('no source says anything of it');
    expect(await run('lookup', '0.0.0.0/0')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('stored events', () => {
  it('are held against what comes later: few values by searching, many by going through once', async () => {
    await agent.send([question('beacon.later.example'), connectionTo('192.0.2.44', 8443)]);
    expect(await json('import', file('later', 'later.example\n'), '--source', 'later')).toMatchObject({ retro: 1 });
    const searched = await alertAbout('later.example');
    expect(searched.reason).toContain('found in stored events, the indicator came later');
    expect(searched.values).toMatchObject({ 'threatguard.indicator.retro': 'true' });
    expect(searched.lastAtUs).toBe(searched.firstAtUs);

    const many = Array.from({ length: 200 }, (_, n) => `192.0.2.44:${8_400 + n}`).join('\n');
    expect(await json('import', file('many', many), '--source', 'many')).toMatchObject({ retro: 200 });
    const scanned = await alertAbout('192.0.2.44:8443');
    expect(scanned).toMatchObject({ ruleId: 'indicator/endpoint', count: 1 });
    await settled();
    expect((await retroJobs())[0]).toMatch(/200 new values of many: done; \d+ events looked at, 1 matches/);
  });
});

describe('sources with a URL', () => {
  it('are fetched, and what fails is said while the last good answer stands', async () => {
    await until(async () => (await json('list', '--source', 'fetched')).length === 2, {
      limitMs: 10_000,
      what: 'the source to be fetched',
    });
    await agent.send([connectionTo('198.51.100.77')]);
    expect((await alertAbout('198.51.100.0/24')).reason).toContain(
      '(of the network 198.51.100.0/24) is on feed fetched',
    );
    const sources = await json('sources');
    const failing = sources.find(({ name }: { name: string }) => name === 'failing');
    expect(failing).toMatchObject({ failures: 1, indicators: 0, failure: expect.stringContaining('404') });
    const { notices } = await collector.console.status();
    expect(notices?.join()).toContain('indicators of "failing" could not be fetched (1 in a row)');
  });
});

describe('a removal', () => {
  it('takes a value out whatever is imported later, until that is undone, and is written down', async () => {
    await run('import', file('cdn', 'cdn.example\n'), '--source', 'noisy');
    expect((await run('remove', 'cdn.example')).stdout).toBe('domain cdn.example is taken out of all sources\n');
    await run('import', file('cdn', 'cdn.example\n'), '--source', 'noisy');
    const found = await json('lookup', 'cdn.example');
    expect(found).toMatchObject({ listed: false, withdrawn: [{ source: '', by: expect.any(String) }] });
    expect((await run('remove', 'cdn.example', '--undo')).code).toBe(0);
    expect(await json('lookup', 'cdn.example')).toMatchObject({ listed: true, withdrawn: [] });
    expect(await json('remove', '--source', 'noisy')).toMatchObject({ removed: 1 });
    expect(await json('lookup', 'cdn.example')).toMatchObject({ listed: false });
    const { entries } = await collector.console.audit();
    expect(entries?.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['intel.imported', 'intel.withdrawn', 'intel.restored', 'intel.source_removed']),
    );
  });

  it.each([
    [[], 2, 'name a value, or a source'],
    [['--undo', '--source', 'isac'], 2, '--undo needs the value'],
    [['--source', 'nobody'], 4, 'there is no source "nobody"'],
    [['never.example'], 4, 'no source says anything of never.example'],
    [['--source', 'fetched'], 1, 'take it out of intel.sources'],
  ])('of %j ends with %i: %s', async (args, code, message) => {
    const result = await run('remove', ...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(message);
  });
});

it('after a restart indicators are what they were, and a feed that has not changed is not read again', async () => {
  agent[Symbol.dispose]();
  await collector[Symbol.asyncDispose]();
  await start();
  expect(await json('lookup', '203.0.113.7')).toMatchObject({ listed: true });
  const sources = await json('sources');
  expect(sources.map(({ name, indicators }: { name: string; indicators: number }) => [name, indicators])).toEqual(
    expect.arrayContaining([
      ['fetched', 2],
      ['isac', 1],
    ]),
  );
  expect(asked.filter(({ path }) => path === '/list.txt').length).toBeLessThanOrEqual(2);
});
