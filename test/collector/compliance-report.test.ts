import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complianceService } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FACTS } from '../../collector/src/compliance/facts.ts';
import { FRAMEWORKS } from '../../collector/src/compliance/frameworks/all.ts';
import { FRAMEWORK_NAMES } from '../../console/src/model/compliance.ts';
import { runCommand } from '../support/console-commands.ts';
import { collectorOn, logon } from '../support/person.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { ENGINES, type EngineUnderTest } from '../support/stores.ts';

const HOSTILE = '<script>alert(1)</script>';

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a compliance report on ${name}`, () => {
    let engine: EngineUnderTest;
    let collector: Awaited<ReturnType<typeof collectorOn>>;
    let directory: string;

    beforeAll(async () => {
      engine = await start();
      collector = await collectorOn(engine);
      directory = mkdtempSync(join(tmpdir(), 'threatguard-report-'));
      writeFileSync(join(collector.home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
      using agent = await SealingAgent.connect({
        address: collector.address,
        identity: await collector.enrol('web-1'),
      });
      const atUs = (Date.now() - 60_000) * 1000;
      const losses = [{ sensor: 'process.ebpf', reason: 'kernel_overrun', count: 3, firstAtUs: atUs, lastAtUs: atUs }];
      const privilege = { ...logon('alice', atUs), activity: 3, outcome: 1 };
      const created = { observedAtUs: atUs, class: 5, activity: 40, outcome: 1, targetUser: { name: 'eve' } };
      await agent.send([logon('alice', atUs), logon(HOSTILE, atUs + 1), privilege, created], losses);
    });
    afterAll(async () => {
      await collector?.[Symbol.asyncDispose]();
      collector?.remove();
      rmSync(directory, { recursive: true, force: true });
      await engine?.[Symbol.asyncDispose]();
    });

    const report = (framework: string) =>
      collector.console.call(complianceService.getComplianceReport, {
        framework,
        fromUs: (Date.now() - 3_600_000) * 1000,
      });

    it.each(FRAMEWORK_NAMES)(
      'of %s measures every figure it names, and says what cannot be shown',
      async (framework) => {
        const { controls, facts } = await report(framework);
        expect(facts!.filter(({ problem }) => problem)).toEqual([]);
        const measured = new Set(facts!.map(({ id }) => id));
        for (const control of controls!) {
          expect(control.notShown).not.toBe('');
          for (const id of control.facts!) expect(measured).toContain(id);
        }
      },
    );

    it('counts what happened', async () => {
      const { facts } = await report('pci-dss');
      const values = (id: string) =>
        Object.fromEntries(facts!.find((fact) => fact.id === id)!.values!.map(({ label, value }) => [label, value]));
      expect(values('authentication')).toEqual({ succeeded: '1', failed: '2' });
      expect(values('failing_users')).toMatchObject({ alice: '1' });
      expect(values('privileged')).toMatchObject({ succeeded: '1', failed: '0' });
      expect(values('accounts')).toMatchObject({ 'users created': '1', 'users deleted': '0' });
      expect(values('losses')).toMatchObject({
        'process.ebpf: kernel_overrun': '3',
        'share of all events': '42.8571 %',
      });
      expect(values('audit_chain')).toMatchObject({ result: 'every entry is what was written' });
      expect(values('retention_settings')).toMatchObject({ events: '90 days' });
    });

    it('is refused for a framework that is not known, by name of the nearest, and for no time', async () => {
      await expect(report('pci')).rejects.toThrow(/gdpr/);
      const never = { framework: 'gdpr', fromUs: (Date.now() + 3_600_000) * 1000 };
      await expect(collector.console.call(complianceService.getComplianceReport, never)).rejects.toThrow(
        /before it begins/,
      );
    });

    it('becomes one file of HTML without scripts, JSON and CSV', async () => {
      const run = (...args: string[]) =>
        runCommand([
          'compliance',
          'report',
          '--framework',
          'pci-dss',
          '--from',
          '1h',
          '--home',
          collector.home,
          ...args,
        ]);
      const path = join(directory, 'report.html');
      expect((await run('--output', 'html', '-o', path)).code).toBe(0);
      const html = readFileSync(path, 'utf8');
      expect(html).not.toMatch(/<script|javascript:|src=|https?:/i);
      expect(html).toContain('&lt;script&gt;');
      expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect([...html.matchAll(/<h([1-6])/g)].every(([, level]) => Number(level) <= 3)).toBe(true);
      for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${id}"`);
      const json = JSON.parse((await run('--output', 'json')).stdout) as {
        controls: { id: string }[];
        facts: object[];
      };
      expect(json.controls.map(({ id }) => id)).toContain('10.2.1.4');
      expect(json.facts[0]).toMatchObject({ query: expect.stringContaining('select') });
      expect((await run('--output', 'csv')).stdout).toMatch(/^framework,control,title,fact,label,value/);
      expect((await run()).stdout).toContain('not shown:');
      expect((await run('--output', 'xml')).code).toBe(2);
      expect((await run('-o', path)).code).toBe(5);
    });
  });
}

describe('frameworks', () => {
  it('are those the console names, and use every fact', () => {
    expect(Array.from(FRAMEWORKS.keys())).toEqual([...FRAMEWORK_NAMES]);
    const used = new Set(
      Array.from(FRAMEWORKS.values()).flatMap(({ controls }) => controls.flatMap(({ facts }) => facts)),
    );
    for (const id of Object.keys(FACTS)) expect(used).toContain(id);
  });
});
