// A deployment of processes with everything that may be chosen chosen: profile cnsa2, the second provider, sealed keys.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProcess } from '../support/agent-process.ts';
import { CollectorProcess } from '../support/collector.ts';
import { runConsole } from '../support/console-process.ts';
import { ROOT } from '../support/source-files.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const AGENT = join(ROOT, 'agent', 'bin', 'threatguard-agent.js');
const COLLECTOR = join(ROOT, 'collector', 'bin', 'threatguard-collector.js');
const REPORT_MS_MAX = 20_000;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-cnsa2-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a fleet with the profile cnsa2, liboqs and sealed keys', () => {
  it('enrols, connects and is reported, and no key of it lies open', async () => {
    const [home, agentHome] = [join(directory, 'fleet'), join(directory, 'agent')];
    const passphrase = join(directory, 'passphrase');
    writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
    const environment = { THREATGUARD_KEY_PASSPHRASE_FILE: passphrase, THREATGUARD_CRYPTO_PROVIDER: 'liboqs' };
    const env = { ...process.env, ...environment };
    const init = ['init', '--home', home, '--listen', '127.0.0.1:0', '--profile', 'cnsa2'];
    expect((await run(process.execPath, [COLLECTOR, ...init], { env })).stdout).toContain('profile: cnsa2');

    await expect(CollectorProcess.start(home)).rejects.toThrow(/ca\.key is sealed; .*THREATGUARD_KEY_PASSPHRASE_FILE/);
    await using collector = await CollectorProcess.start(home, environment);
    writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
    const console = { THREATGUARD_HOME: home };
    const { stdout } = await runConsole(['agents', 'token', 'create', '--output', 'json'], console);
    const { token } = JSON.parse(stdout);
    const enroll = [
      'enroll',
      '--home',
      agentHome,
      '--collector',
      collector.address,
      '--token',
      token,
      '--name',
      'web-1',
    ];
    await run(process.execPath, [AGENT, ...enroll], { env });
    const off = ['auth', 'process', 'network', 'file', 'host', 'dns'].map((name) => `  ${name}: { enabled: false }\n`);
    writeFileSync(join(agentHome, 'agent.yaml'), `sensors:\n  audit: off\n${off.join('')}`);
    await using _ = await AgentProcess.start(agentHome, environment);

    const report = await until(
      async () => {
        const result = await runConsole(['crypto', 'report', '--output', 'json'], console);
        return JSON.parse(result.stdout)[0]?.session_at ? result : undefined;
      },
      { limitMs: REPORT_MS_MAX, what: 'a session in the report' },
    );
    expect(report.code).toBe(0);
    expect(JSON.parse(report.stdout)).toMatchObject([
      {
        agent: { name: 'web-1' },
        tls: { protocol: 'TLSv1.3', group: 'SecP384R1MLKEM1024' },
        signature: { algorithm: 'ML-DSA-87' },
        provider: 'liboqs',
        below: [],
      },
    ]);

    const keys = ['ca/ca.key', 'tls/collector.key', 'kem/epoch-1.key'].map((name) => join(home, 'collector', name));
    keys.push(join(agentHome, 'identity', 'agent.key'));
    for (const key of keys) expect(readFileSync(key, 'utf8')).not.toContain('PRIVATE KEY');
    await run(process.execPath, [COLLECTOR, 'keys', 'unseal', '--home', home], { env });
    await run(process.execPath, [AGENT, 'keys', 'unseal', '--home', agentHome], { env });
    for (const key of keys) expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY');
  });
});
