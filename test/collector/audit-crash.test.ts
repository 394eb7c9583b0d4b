// Reads of personal data are counted in the store before they are answered: kill -9 forgets none.
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ApiUser } from '../support/api-user.ts';
import { freePort } from '../support/child-server.ts';
import { CollectorProcess, initTestHome, TestCollector } from '../support/collector.ts';
import { until } from '../support/until.ts';

/** Longer than reads of one thing are counted together (store/disclosures.ts). */
const LATER_MS = 16 * 60_000;

it('every answered read is in the audit log after kill -9, and the chain holds', async () => {
  const home = await initTestHome();
  try {
    const listen = { THREATGUARD_LISTEN: '127.0.0.1:0' };
    const name = 'reader';
    {
      await using collector = await TestCollector.start({ home, config: 'http:\n  listen: 127.0.0.1:0\n' });
      await ApiUser.first(collector, name);
    }
    const url = `http://127.0.0.1:${await freePort()}`;
    let answered = 0;
    {
      await using collector = await CollectorProcess.start(home, { ...listen, THREATGUARD_HTTP_LISTEN: url.slice(7) });
      const user = await ApiUser.logIn(url, name);
      const read = async () => {
        const search = { filters: [{ field: 'user.name', value: 'somebody-watched' }] };
        const { status } = await user.ask('/api/threat/events/search', { json: search }).catch(() => ({ status: 0 }));
        if (status === 200) answered++;
        return status;
      };
      // Eight at a time, in the midst of which it is killed.
      const readers = Array.from({ length: 8 }, async () => {
        while ((await read()) === 200);
      });
      await until(() => answered >= 40, { limitMs: 20_000, what: 'reads to be answered' });
      expect(await collector.stop('SIGKILL')).toBe('SIGKILL');
      await Promise.all(readers);
    }
    await using later = await TestCollector.start({ home, nowMs: () => Date.now() + LATER_MS });
    const entries = await until(
      async () => {
        const all = (await later.console.audit({ limit: 500 })).entries!;
        const own = all.filter(({ subject }) => subject?.includes('somebody-watched'));
        return own.some(({ action }) => action === 'api.read.repeated') && own;
      },
      { limitMs: 10_000, what: 'the entry of repeated reads' },
    );
    const firsts = entries.filter(({ action }) => action === 'api.read').length;
    const again = entries
      .filter(({ action }) => action === 'api.read.repeated')
      .reduce((sum, { after }) => sum + (JSON.parse(String(after)).again as number), 0);
    // Those that were on their way when it was killed may be counted and not answered, never the other way round.
    expect(firsts + again).toBeGreaterThanOrEqual(answered);
    expect(firsts + again).toBeLessThanOrEqual(answered + 8);
    expect((await later.console.verifyAudit()).problem ?? '').toBe('');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
