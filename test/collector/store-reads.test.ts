import { randomBytes, randomUUID } from 'node:crypto';
import { type AlertFilter, AlertState, Severity } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAgent, makeAlert, makeBatch, realisticEvents, START_US } from '../support/stores.ts';

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`reading from a store on ${name}`, () => {
    const rig = storeRig(start);

    test('agents are kept, touched and revoked', async () => {
      const agent = makeAgent({ name: 'db-\0-1' });
      await rig.store.addAgent(agent);
      const mine = async () => (await rig.store.agents()).find(({ id }) => id === agent.id);
      expect(await mine()).toEqual({ ...agent, name: 'db-\ufffd-1' });
      await rig.store.touchAgent(agent.id, { atUs: START_US + 9, version: '0.1.0', os: 'Debian 12', kernel: '6.1' });
      await rig.store.touchAgent(agent.id, { atUs: START_US + 5 });
      await rig.store.revokeAgent(agent.id, START_US + 20);
      await rig.store.revokeAgent(agent.id, START_US + 30);
      const expected = { lastSeenAtUs: START_US + 9, version: '0.1.0', revokedAtUs: START_US + 20, kernel: '6.1' };
      expect(await mine()).toMatchObject(expected);
    });

    test('a token is good for its uses, its secret and its time, however many ask at once', async () => {
      const secretHash = randomBytes(32);
      const times = { madeAtUs: START_US, expiresAtUs: START_US + 100 };
      const token = {
        id: `t-${randomUUID()}`,
        secretHash,
        label: '',
        usesLeft: 3,
        ...times,
        group: 'web',
        replaces: true,
      };
      await rig.store.addToken(token);
      expect(await rig.store.consumeToken(token.id, randomBytes(32), START_US)).toBeUndefined();
      expect(await rig.store.consumeToken(token.id, secretHash, START_US + 100)).toBeUndefined();
      expect(await rig.store.consumeToken('nothing\0', secretHash, START_US)).toBeUndefined();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => rig.store.consumeToken(token.id, secretHash, START_US)),
      );
      expect(answers.filter(Boolean)).toEqual(Array(3).fill({ group: 'web', replaces: true, label: '' }));
    });

    test('alerts are listed newest first, filtered, in pages', async () => {
      const agentId = randomUUID();
      const agentName = `host-${agentId}`;
      const alerts = Array.from({ length: 7 }, (_, index) =>
        makeAlert({
          agentId,
          agentName,
          updatedAtUs: START_US + (index >> 1),
          severity: index < 3 ? Severity.LOW : Severity.CRITICAL,
          state: index === 0 ? AlertState.CLOSED : AlertState.OPEN,
          techniques: index % 2 ? ['T1110.001'] : ['T11101'],
          values: { 'user.name': index === 6 ? 'alice' : 'root' },
        }),
      );
      await rig.store.commit(group({ alerts }));
      const ids = async (filter: AlertFilter) => {
        const { rows } = await rig.store.alerts({ agent: agentName, ...filter }, 100, '');
        return rows.map(({ id }) => alerts.findIndex((alert) => alert.id === id)).toSorted();
      };
      expect(await ids({})).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(await ids({ agent: agentId })).toHaveLength(7);
      expect(await ids({ severityMin: Severity.HIGH })).toEqual([3, 4, 5, 6]);
      expect(await ids({ state: AlertState.CLOSED })).toEqual([0]);
      expect(await ids({ technique: 'T1110' })).toEqual([1, 3, 5]);
      expect(await ids({ technique: 't1110.001' })).toEqual([1, 3, 5]);
      expect(await ids({ user: 'alice' })).toEqual([6]);
      expect(await ids({ sinceUs: START_US + 1, untilUs: START_US + 3 })).toEqual([2, 3, 4, 5]);
      expect(await ids({ agent: "x' or true --\0" })).toEqual([]);
      const labelled = (value: string, negated = false, field = 'labels.env') =>
        ids({ labels: [{ field, value, negated }] });
      expect(await labelled('*', true)).toHaveLength(7);
      await rig.store.addAgent(makeAgent({ id: agentId, name: agentName, labels: { env: 'prod' } }));
      expect(await labelled('prod')).toHaveLength(7);
      expect(await labelled('pr*')).toHaveLength(7);
      expect(await labelled('pr_d')).toEqual([]);
      expect(await labelled('prod', true)).toEqual([]);
      expect(await labelled("x' or true --\0")).toEqual([]);
      await expect(labelled('prod', false, 'agent.name')).rejects.toMatchObject({ code: 'rejected' });
      const many = Array.from({ length: 33 }, () => ({ field: 'labels.env', value: '*' }));
      await expect(ids({ labels: many })).rejects.toMatchObject({ code: 'rejected' });
      const paged: (string | undefined)[] = [];
      for (let after = '', page = 0; page === 0 || after; page++) {
        const answer = await rig.store.alerts({ agent: agentId }, 2, after);
        expect(answer.rows.length).toBeLessThanOrEqual(2);
        paged.push(...answer.rows.map(({ id }) => id));
        after = answer.next;
      }
      const { rows } = await rig.store.alerts({ agent: agentId }, 100, '');
      expect(paged).toEqual(rows.map(({ id }) => id));
      const open = (await rig.store.openAlertsSince(START_US + 1)).filter((alert) => alert.agentId === agentId);
      expect(open).toHaveLength(5);
    });

    test('an id prefix is taken as it stands', async () => {
      const ids = ['zz01', 'zz02', 'zz_3'];
      await rig.store.commit(group({ alerts: ids.map((id) => makeAlert({ id })) }));
      const found = async (prefix: string) => (await rig.store.alertsByIdPrefix(prefix)).map(({ id }) => id);
      expect(await found('zz0')).toEqual(['zz01', 'zz02']);
      expect(await found('ZZ01')).toEqual(['zz01']);
      expect(await found('zz_')).toEqual(['zz_3']);
      expect(await found('zz%')).toEqual([]);
    });

    test('an event carries the name of its agent, and is found by it', async () => {
      const agent = makeAgent({ name: `mail-${randomUUID()}` });
      await rig.store.addAgent(agent);
      await rig.store.commit(group({ batches: [makeBatch({ agentId: agent.id, events: realisticEvents(2) })] }));
      const { rows } = await rig.store.searchEvents(
        { filters: [{ field: 'agent.name', value: `${agent.name}*` }] },
        9,
        '',
      );
      expect(rows.map(({ agentName }) => agentName)).toEqual([agent.name, agent.name]);
    });

    test.each([
      ['username', 'user.name'],
      ['source.pi', 'source.ip'],
      ['process.commandline', 'process.command_line'],
      ['__proto__', ''],
      ['constructor', ''],
    ])('refuses the field %s and names the nearest', async (field, nearest) => {
      const search = rig.store.searchEvents({ filters: [{ field, value: 'x' }] }, 1, '');
      await expect(search).rejects.toMatchObject({ name: 'StoreError', code: 'rejected' });
      await expect(search).rejects.toThrow(`"${nearest}`);
    });

    test('a search within a time, for a user or an address goes by an index', async () => {
      const events = realisticEvents(4_000).map((event, index) => ({
        ...event,
        observedAtUs: START_US + index * 1_000_000,
        user: { name: `user-${index}` },
      }));
      await rig.store.commit(group({ batches: [makeBatch({ agentId: randomUUID(), events })] }));
      await rig.database.script('analyze events');
      const plan = async (where: string) => {
        const rows = await rig.database.query(
          `explain select * from events e where ${where} order by event_at desc limit 50`,
        );
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      };
      // What COPY wrote into a columnstore is found by the columnstore's own: filters, and the ends of times.
      expect(await plan("left(user_name, 64) = left('user-7', 64) and user_name = 'user-7'")).toMatch(
        /events_by_user|bloom.*user_name/,
      );
      expect(await plan("source_ip = '203.0.113.9'::inet")).toMatch(/events_by_source|bloom.*source_ip/);
      expect(await plan("event_at >= '2026-09-21T15:10Z'")).toMatch(/events_by_time|_ts_meta_max/);
    });

    test('totals agree with what was stored', async () => {
      const before = await rig.store.totals();
      const losses = [{ sensor: 's', reason: 'queue_shed', count: 4, firstAtUs: START_US, lastAtUs: START_US }];
      const batch = makeBatch({ agentId: randomUUID(), events: realisticEvents(6), losses, alerts: [makeAlert()] });
      await rig.store.commit(group({ batches: [batch] }));
      const after = await rig.store.totals();
      expect(after.events - before.events).toBe(6);
      expect(after.envelopes - before.envelopes).toBe(1);
      expect(after.alertsOpen - before.alertsOpen).toBe(1);
      expect(after.outboxWaiting - before.outboxWaiting).toBe(1);
      expect(after.losses).toContainEqual({ name: 's: queue_shed', count: 4 });
    });
  });
}
