import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../collector/src/store/open.ts';
import { initTestHome, TestCollector } from '../support/collector.ts';

test('a collector writes down who did what, from where, and goes on with the same chain after a restart', async () => {
  const home = await initTestHome();
  try {
    let agentId = '';
    {
      await using collector = await TestCollector.start({ home });
      agentId = (await collector.enrol('web-1')).agentId;
      await collector.console.revoke('web-1');
      const kinds = (await collector.console.status()).space?.map(({ kind, keptDays }) => [kind, keptDays ?? 0]);
      expect(kinds).toEqual([
        ['events', 90],
        ['terms', 90],
        ['evidence', 365],
        ['envelopes', 365],
        ['losses', 365],
        ['series', 30],
        ['alerts', 365],
        ['incidents', 365],
        ['entities', 365],
        ['risk', 365],
        ['audit', 2557],
        ['fleet', 0],
        ['models', 0],
        ['other', 0],
      ]);
    }
    {
      await using collector = await TestCollector.start({ home });
      await collector.console.createToken({ label: 'second' });
    }
    await using store = await openStore({ directory: join(home, 'collector', 'store') });
    const { rows } = await store.audit(100, '');
    expect(rows.reverse().map(({ action, by }) => [action, by.kind])).toEqual([
      ['kem_key.made', 'collector'],
      ['token.made', 'console'],
      ['agent.enrolled', 'token'],
      ['agent.revoked', 'console'],
      ['token.made', 'console'],
    ]);
    const [, made, enrolled, revoked, second] = rows;
    expect(made!.by).toMatchObject({ id: 'admin', from: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(enrolled).toMatchObject({ subject: agentId, by: { id: made!.subject } });
    expect(JSON.parse(enrolled!.after)).toMatchObject({ name: 'web-1' });
    expect(revoked!.subject).toBe(agentId);
    expect(JSON.parse(second!.after)).toMatchObject({ label: 'second', uses: 1 });
    expect(await store.verifyAudit()).toMatchObject({ entries: 5, problem: undefined });
    expect(await store.keys()).toMatchObject([{ epoch: 1, algorithm: 'ML-KEM-768', state: 'announced' }]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
