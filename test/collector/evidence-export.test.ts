// From a real agent's stream over the collector's service to the console's commands, as people use them.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { connect } from '@nats-io/transport-node';
import { SignedTreeHead, TREE_HEAD_SUBJECT } from '@threatguard/proto';
import type { EvidenceReport } from '@threatguard/proto/evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../collector/src/store/open.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { processEvents } from '../support/envelopes.ts';
import { exportBundle, exportChunks, takeApart, treeHeads, verifyBytesOf } from '../support/evidence.ts';
import { natsAvailable, startNats } from '../support/nats.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

let collector: TestCollector;
let agent: SealingAgent;
let ca: string;
let directory: string;
let home: string;

beforeAll(async () => {
  home = await initTestHome();
  collector = await TestCollector.start({ home });
  // The home was made before its collector had a port.
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  ca = (await collector.console.status()).caSha256!;
  directory = mkdtempSync(join(tmpdir(), 'threatguard-evidence-'));
  agent = await SealingAgent.connect({ address: collector.address, identity: await collector.enrol('web-1') });
});
afterAll(async () => {
  agent?.[Symbol.dispose]();
  await collector?.[Symbol.asyncDispose]();
  for (const made of [directory, home]) rmSync(made, { recursive: true, force: true });
});

const losses = [{ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 7, firstAtUs: 5, lastAtUs: 6 }];
const verify = (bundle: Uint8Array): Promise<EvidenceReport> => verifyBytesOf(bundle, { caSha256: [ca] });
const ofWeb = { agent: 'web-1', fromUs: 1 };

describe('the bundle of an agent', () => {
  it('holds everything the collector recorded of it, and proves it with the fingerprint of the CA alone', async () => {
    for (let sequence = 1; sequence <= 5; sequence++)
      await agent.send(processEvents(sequence), sequence === 3 ? losses : []);
    const bundle = await exportBundle(collector, ofWeb);
    const report = await verify(bundle);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ proven: true, authorities: [ca], head: { number: expect.any(Number) } });
    const { agentId: id } = agent.identity;
    expect(report.agents).toMatchObject([{ id, name: 'web-1', envelopes: 5, events: 15, losses, streams: 1 }]);
    for (const piece of [7, 4096]) expect(await verifyBytesOf(bundle, { caSha256: [ca] }, piece)).toEqual(report);
  });

  it('is of the time that was asked for, and its beginning stands in it', async () => {
    const betweenUs = Date.now() * 1000 + 1;
    await agent.send(processEvents(6));
    const later = await verify(await exportBundle(collector, { agent: 'web-1', fromUs: betweenUs }));
    expect(later).toMatchObject({ findings: [], agents: [{ envelopes: 1, events: 6 }] });
    expect(later.agents[0]!.recordedFromUs).toBeLessThan(betweenUs);
    const earlier = await verify(await exportBundle(collector, { ...ofWeb, toUs: betweenUs - 2 }));
    expect(earlier.findings).toEqual([]);
    const none = exportChunks(collector, { agent: 'web-1', fromUs: Date.now() * 1000 + 3_600_000_000 });
    await expect(none).rejects.toMatchObject({ code: status.NOT_FOUND, details: expect.stringContaining('--from') });
  });

  it('says how far it is, and which heads it can be held against', async () => {
    const chunks = await exportChunks(collector, ofWeb);
    expect(chunks.at(-1)).toMatchObject({ envelopesWritten: 6, envelopes: 6 });
    const { heads } = await treeHeads(collector);
    const records = await takeApart(Buffer.concat(chunks.map(({ data }) => data ?? new Uint8Array())));
    expect(records.filter(({ earlierHead }) => earlierHead)).toHaveLength(heads!.length - 1);
  });

  it('is refused to agents, and to nobody known', async () => {
    const { ca: pem, certificate, key } = agent.identity;
    const asAgent = exportChunks(collector, ofWeb, { ca: pem, certificate, key });
    await expect(asAgent).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    await expect(exportChunks(collector, { agent: 'nobody', fromUs: 1 })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    await expect(exportChunks(collector, {})).rejects.toMatchObject({ code: status.NOT_FOUND });
    await expect(exportChunks(collector, { alertId: "'" })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('stands in the audit log', async () => {
    const { entries } = await collector.console.audit({ limit: 1 });
    expect(entries).toMatchObject([{ action: 'evidence.exported', subject: agent.identity.agentId, actorId: 'admin' }]);
  });
});

describe('the console', () => {
  const bundle = () => join(directory, 'web-1.tgev');
  const withHome = (...args: string[]) => runCommand([...args, '--home', collector.home]);
  // Neither a home nor anything of one: verification needs the file and the fingerprint.
  const alone = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: join(directory, 'nowhere') });

  it('exports into a file that is whole or not there, and replaces none without being told', async () => {
    const args = ['evidence', 'export', '--agent', 'web-1', '--from', '1h', '-o', bundle()];
    const { code, stdout, stderr } = await withHome(...args, '--output', 'json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ file: bundle(), envelopes: 6, bytes: statSync(bundle()).size });
    expect(statSync(bundle()).mode & 0o777).toBe(0o600);
    const again = await withHome(...args);
    expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining('--force') });
    expect((await withHome(...args, '--force')).code).toBe(0);
    const nobody = await withHome(
      'evidence',
      'export',
      '--agent',
      'nobody',
      '--from',
      '1h',
      '-o',
      join(directory, 'no.tgev'),
    );
    expect(nobody).toMatchObject({ code: 4, stdout: '' });
    expect(readdirSync(directory)).toEqual(['web-1.tgev']);
  });

  it('verifies it without a deployment, and says what is proven and what is not', async () => {
    const { code, stdout } = await alone('evidence', 'verify', bundle(), '--ca', ca);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PROVEN/);
    expect(stdout).toMatch(/what was proven:\n {2}- 21 events in 6 envelopes/);
    expect(stdout).toMatch(/what was not proven:\n {2}- 7 events of web-1 were lost/);
    const json = await alone('evidence', 'verify', bundle(), '--ca', ca.toUpperCase(), '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      proven: true,
      findings: [],
      agents: [{ name: 'web-1', envelopes: 6 }],
    });
  });

  it('holds it against heads that were kept', async () => {
    const heads = await withHome('evidence', 'heads', '--output', 'json');
    const noted = join(directory, 'heads.json');
    writeFileSync(noted, heads.stdout);
    const [newest] = JSON.parse(heads.stdout) as { number: number; sha256: string }[];
    for (const head of [noted, newest!.sha256]) {
      const { code, stdout } = await alone(
        'evidence',
        'verify',
        bundle(),
        '--ca',
        ca,
        '--head',
        head,
        '--output',
        'json',
      );
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as { heads_held: number[] }).heads_held).toContain(newest!.number);
    }
    const strange = await alone('evidence', 'verify', bundle(), '--ca', ca, '--head', 'ab'.repeat(32));
    expect(strange).toMatchObject({ code: 6, stdout: expect.stringContaining('head_not_shown') });
    rmSync(noted);
  });

  it('names what is wrong with one that was altered', async () => {
    const altered = readFileSync(bundle());
    altered[altered.length >> 1]! ^= 1;
    const path = join(directory, 'altered.tgev');
    writeFileSync(path, altered);
    const { code, stdout, stderr } = await alone('evidence', 'verify', path, '--ca', ca);
    expect(code).toBe(6);
    expect(stdout).toMatch(/^NOT PROVEN/);
    expect(stdout).toContain('manifest_mismatch');
    expect(stderr).toContain('not proven');
  });

  it.each([
    ['a file that is not there', 7, () => ['/nowhere/at/all', '--ca', 'ab'.repeat(32)]],
    ['a directory', 7, () => [directory, '--ca', 'ab'.repeat(32)]],
    [
      'a file that is no bundle',
      7,
      () => [join(import.meta.dirname, 'evidence-export.test.ts'), '--ca', 'ab'.repeat(32)],
    ],
    ['a fingerprint that is none', 2, () => [bundle(), '--ca', 'abc']],
    ['no fingerprint', 2, () => [bundle()]],
    ['a head that is none', 2, () => [bundle(), '--ca', 'ab'.repeat(32), '--head', 'abc']],
    ["another fleet's fingerprint", 6, () => [bundle(), '--ca', 'ab'.repeat(32)]],
  ])('ends verify of %s with %i', async (_what, code, args) => {
    expect((await alone('evidence', 'verify', ...args())).code).toBe(code);
  });

  it('shows the events, printable', async () => {
    const hostile = '\u001b]52;c;AAAA\u0007';
    await agent.send([{ ...processEvents(1)[0]!, process: { pid: 5, executable: hostile, args: [hostile] } }]);
    const path = join(directory, 'hostile.tgev');
    expect((await withHome('evidence', 'export', '--agent', 'web-1', '--from', '1h', '-o', path)).code).toBe(0);
    for (const format of ['table', 'json', 'csv']) {
      const { code, stdout } = await alone('evidence', 'show', path, '--output', format);
      expect(code).toBe(0);
      expect(stdout).not.toContain('\u001b');
      expect(stdout).toContain('/usr/bin/true');
    }
    const { stdout } = await alone('evidence', 'show', path, '--output', 'json');
    expect((JSON.parse(stdout) as object[]).length).toBe(22);
  });

  it.each([
    ['neither alert nor agent', ['-o', 'x']],
    ['both', ['--alert', 'a', '--agent', 'b', '-o', 'x']],
    ['an agent without a time', ['--agent', 'b', '-o', 'x']],
    ['a time that ends before it begins', ['--agent', 'b', '--from', '1h', '--to', '2h', '-o', 'x']],
    ['no file', ['--alert', 'a']],
  ])('refuses an export of %s', async (_what, args) => {
    expect((await withHome('evidence', 'export', ...args)).code).toBe(2);
    expect(existsSync('x')).toBe(false);
  });
});

describe('what is not there any more', () => {
  it('is named where somebody removed it from the store, and said where retention did', async () => {
    await collector[Symbol.asyncDispose]();
    const database = openDatabase({ directory: join(home, 'collector', 'store') });
    await database.query('delete from evidence where sequence = 2');
    await database[Symbol.asyncDispose]();
    collector = await TestCollector.start({ home });
    const report = await verify(await exportBundle(collector, ofWeb));
    expect(new Set(report.findings.map(({ code }) => code))).toEqual(new Set(['envelope_missing']));
    await collector[Symbol.asyncDispose]();
    // Ten days later, of which two are kept.
    const nowMs = () => Date.now() + 10 * 86_400_000;
    collector = await TestCollector.start({ home, nowMs, config: 'retention:\n  evidence_days: 2\n' });
    const aged = await verifyBytesOf(await exportBundle(collector, ofWeb), { caSha256: [ca], nowUs: nowMs() * 1000 });
    expect(aged).toMatchObject({ findings: [], agents: [{ envelopes: 0, agedOut: 7 }] });
  });
});

describe.skipIf(!natsAvailable())('tree heads on NATS', () => {
  it('reach whoever listens, as they are signed', async () => {
    await using nats = await startNats();
    const listener = await connect({ servers: new URL(nats.url).host });
    const heard: SignedTreeHead[] = [];
    listener.subscribe(TREE_HEAD_SUBJECT, {
      callback: (_, message) => {
        heard.push(SignedTreeHead.decode(message.data));
      },
    });
    await listener.flush();
    await using publishing = await TestCollector.start({ config: `nats:\n  url: ${nats.url}\n` });
    const isConnected = async () => (await publishing.console.status()).publishState?.startsWith('connected');
    await until(isConnected, { limitMs: 10_000, what: 'NATS' });
    using sender = await SealingAgent.connect({
      address: publishing.address,
      identity: await publishing.enrol('db-1'),
    });
    await sender.send(processEvents(1));
    await exportBundle(publishing, { agent: 'db-1', fromUs: 1 });
    await until(() => heard.length > 0, { limitMs: 10_000, what: 'a head' });
    const { heads } = await treeHeads(publishing);
    expect(heads).toContainEqual(heard.at(-1));
    await listener.close();
  });
});
