import { randomUUID } from 'node:crypto';
import { Activity, EventClass, type HostEvent, type HuntPart, Outcome, parseHunt } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { OWN_DUTIES } from '../../collector/src/duties.ts';
import { followHunt } from '../../collector/src/hunt/follow-hunt.ts';
import { HuntSchedule } from '../../collector/src/hunt/hunt-schedule.ts';
import { runHunt } from '../../collector/src/hunt/run-hunt.ts';
import { COLLECTOR_ACTOR } from '../../collector/src/store/audit.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAgent, makeBatch, START_US } from '../support/stores.ts';

const WEB = randomUUID();
const DB = randomUUID();
const LABELS: Record<string, Record<string, string>> = {
  [WEB]: { env: 'prod', role: 'web', constructor: 'by-name' },
  [DB]: { env: 'test%' },
};
const END_US = START_US + 3_600_000_000;

function ran(user: string, executable: string, pid: number, secondsAfter: number): HostEvent {
  return {
    observedAtUs: START_US + secondsAfter * 1_000_000,
    class: EventClass.PROCESS,
    activity: Activity.EXEC,
    outcome: Outcome.SUCCESS,
    sensor: 'process',
    user: { name: user },
    process: { pid, executable, args: [executable, '-x'], workingDirectory: `/home/${user}` },
  };
}

function connected(address: string, secondsAfter: number): HostEvent {
  return {
    observedAtUs: START_US + secondsAfter * 1_000_000,
    class: EventClass.NETWORK,
    activity: Activity.CONNECTION_OPENED,
    outcome: Outcome.SUCCESS,
    sensor: 'network',
    network: { sourceAddress: address, destinationAddress: '198.51.100.7', destinationPort: 443 },
  };
}

const EVENTS: Record<string, HostEvent[]> = {
  [WEB]: [
    ran('root', '/usr/bin/curl', 100, 1),
    ran('root', '/usr/bin/curl', 2_000, 2),
    ran('alice', '/usr/bin/curl', 3_000, 3),
    ran('alice', '/bin/ls', 3_001, 4),
    connected('10.1.2.3', 5),
  ],
  [DB]: [ran('root', '/usr/bin/wget', 50, 6), connected('192.0.2.1', 7), connected('192.0.2.1', 8)],
};

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a hunt on ${name}`, () => {
    const rig = storeRig(start, {
      fill: async ({ store }) => {
        for (const [id, host] of [
          [WEB, 'web-1'],
          [DB, 'db-1'],
        ] as const) {
          await store.addAgent(makeAgent({ id, name: host, keyId: id, enrolledAtUs: START_US, labels: LABELS[id]! }));
          await store.commit(group({ batches: [makeBatch({ agentId: id, sequence: 1, events: EVENTS[id]! })] }));
        }
      },
    });
    const span = { sinceUs: START_US, untilUs: END_US };
    const parts = async (query: string) => {
      const all: HuntPart[] = [];
      const { signal } = new AbortController();
      for await (const part of runHunt({ store: rig.store, hunt: parseHunt(query), span, signal })) all.push(part);
      return all;
    };
    const pids = async (query: string) =>
      (await parts(query)).flatMap(({ events }) => events ?? []).map(({ event }) => event?.process?.pid ?? 0);

    it.each([
      ['user:root', [50, 2_000, 100]],
      ['user:root and exe:*/curl', [2_000, 100]],
      ['user:root and not exe:*/curl', [50]],
      ['exe:(*/curl or */wget) host:web-1', [3_000, 2_000, 100]],
      ['pid>2000', [3_001, 3_000]],
      ['pid>=2000 and pid<3001', [3_000, 2_000]],
      ['pid!=50 user:root', [2_000, 100]],
      // No column holds it: the collector itself looks.
      ['process.working_directory:/home/alice', [3_001, 3_000]],
      ['process.working_directory:/home/alice or pid=50', [50, 3_001, 3_000]],
      ['not (process.working_directory:/home/* or category:network)', []],
      ['not (exe:*/curl or ip:*)', [50, 3_001]],
      ['labels.env:prod and user:root', [2_000, 100]],
      ['labels.env:pr* and user:root', [2_000, 100]],
      ['LABELS.ENV:"test%"', [0, 0, 50]],
      ['labels.env:test_', []],
      ['not labels.env:prod', [0, 0, 50]],
      ['not labels.role:*', [0, 0, 50]],
      ['labels.env:(prod or "test%") and user:alice', [3_001, 3_000]],
      ['labels.toString:* or labels.nobody:*', []],
      ['labels.constructor:by-name and user:alice', [3_001, 3_000]],
      // SQL cannot say one half of it, so the collector itself looks at both.
      ['labels.env:prod user:root or process.working_directory:/home/alice', [3_001, 3_000, 2_000, 100]],
      ['user:root | sort labels.env | limit 2', [2_000, 100]],
      ['user:root | limit 1', [50]],
      ['user:root | sort process.pid', [50, 100, 2_000]],
      ['user:root | sort -process.pid | limit 2', [2_000, 100]],
      ['user:root | sort @timestamp', [100, 2_000, 50]],
    ])('%s', async (query, expected) => {
      expect(await pids(query)).toEqual(expected);
    });

    it.each([
      [
        'category:process | count by user.name',
        [
          ['root', 3],
          ['alice', 2],
        ],
      ],
      [
        'category:process | count by host, exe | limit 2',
        [
          ['web-1', '/usr/bin/curl', 3],
          ['db-1', '/usr/bin/wget', 1],
        ],
      ],
      ['ip:192.0.2.0/24 | count by source.ip', [['192.0.2.1', 2]]],
      [
        '| count by action',
        [
          ['exec', 5],
          ['connection-opened', 3],
        ],
      ],
      ['| count', [[8]]],
      [
        '| count by user.name | sort user.name',
        [
          ['', 3],
          ['alice', 2],
          ['root', 3],
        ],
      ],
      [
        '| count by labels.env, labels.role',
        [
          ['prod', 'web', 5],
          ['test%', '', 3],
        ],
      ],
      [
        'labels.env:prod | count by labels.env, user',
        [
          ['prod', 'alice', 2],
          ['prod', 'root', 2],
          ['prod', '', 1],
        ],
      ],
      ['process.working_directory:/home/alice | count by labels.role', [['web', 2]]],
      // Counted here, because no column holds the field.
      [
        'category:process | count by process.working_directory',
        [
          ['/home/root', 3],
          ['/home/alice', 2],
        ],
      ],
    ])('%s', async (query, expected) => {
      const [part] = await parts(query);
      expect(part!.groups!.map(({ values, count }) => [...values!, count])).toEqual(expected);
      expect(part).toMatchObject({ complete: true, cut: '' });
    });

    it('hands nothing of a value to the database but as a parameter', async () => {
      const hostile = `x' or '1'='1`;
      expect(await pids(`user:"${hostile}" or exe:"*${hostile}*" or ip:"*${hostile}*"`)).toEqual([]);
      expect(await pids('user:"%" or user:"_oot" or user:"r\\\\%"')).toEqual([]);
      expect(await pids(`labels.env:"${hostile}" or labels.env:"*${hostile}*"`)).toEqual([]);
    });

    describe('that is followed', () => {
      const RECEIVED_US = START_US + 5_000_000;
      const { signal } = new AbortController();
      const followed = async (query: string, arrivedSinceUs: number, nowUs = END_US) => {
        const { store } = rig;
        const all: HuntPart[] = [];
        const run = { store, hunt: parseHunt(query), arrivedSinceUs, nowUs: () => nowUs, signal };
        for await (const part of followHunt(run)) all.push(part);
        expect(all.at(-1)).toEqual({ complete: true, arrivedUntilUs: nowUs });
        return all.flatMap(({ events }) => events ?? []);
      };

      it('finds what came since a time, whenever it happened, those first that came first', async () => {
        const late = makeBatch({ agentId: DB, sequence: 2, events: [ran('root', '/usr/bin/late', 7, -86_400)] });
        const next = makeBatch({
          agentId: WEB,
          sequence: 2,
          events: [ran('root', '/bin/a', 8, 9), ran('x', '/bin/b', 9, 9)],
        });
        await rig.store.commit(
          group({
            batches: [
              { ...late, receivedAtUs: RECEIVED_US + 20 },
              { ...next, receivedAtUs: RECEIVED_US + 10 },
            ],
          }),
        );
        const found = async (query: string, sinceUs: number) =>
          (await followed(query, sinceUs)).map(({ event }) => event!.process!.pid);
        expect(await found('category:process', RECEIVED_US + 1)).toEqual([8, 9, 7]);
        expect(await found('user:root', RECEIVED_US + 1)).toEqual([8, 7]);
        expect(await found('user:root', RECEIVED_US + 11)).toEqual([7]);
        expect(await found('not labels.env:prod and user:root', RECEIVED_US + 1)).toEqual([7]);
        expect(await found('process.working_directory:/home/x', RECEIVED_US)).toEqual([9]);
        expect(await found('| limit 1', RECEIVED_US + 1)).toHaveLength(3);
        expect(await found('user:root', Number.MAX_SAFE_INTEGER)).toEqual([]);
      });

      it('looks at more envelopes than one page holds, each once', async () => {
        const batches = Array.from({ length: 300 }, (_, index) => ({
          ...makeBatch({ agentId: WEB, sequence: index + 3, events: [ran('many', '/bin/m', 10_000 + index, 10)] }),
          receivedAtUs: RECEIVED_US + 1_000,
        }));
        await rig.store.commit(group({ batches }));
        const pids = (await followed('user:many', RECEIVED_US + 1_000)).map(({ event }) => event!.process!.pid!);
        expect(pids.toSorted()).toEqual(batches.map((_, index) => 10_000 + index));
      });
    });

    it('ends when whoever asked has gone', async () => {
      const gone = AbortSignal.abort();
      const hunt = parseHunt('user:root | count by host');
      const ended = (async () => {
        for await (const _ of runHunt({ store: rig.store, hunt, span, signal: gone })) return 'answered';
      })();
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('that is saved runs by itself, alerts for each host once for its time, and is written down', async () => {
      const { hunts } = rig.store;
      const saved = { name: 'fetchers', query: 'exe:(*/curl or */wget)', severity: 4, savedBy: 'admin', problem: '' };
      const hunt = { ...saved, everySeconds: 60, savedAtUs: START_US, ranUntilUs: undefined };
      expect(await hunts.save(hunt, false, COLLECTOR_ACTOR)).toBe('saved');
      expect(await hunts.save(hunt, false, COLLECTOR_ACTOR)).toBe('exists');
      expect(await hunts.save({ ...hunt, name: 'by-hand', everySeconds: 0 }, false, COLLECTOR_ACTOR)).toBe('saved');
      const reported: { agentId?: string; ruleId?: string; reason?: string; entity?: string }[] = [];
      let nowUs = START_US + 30_000_000;
      await using schedule = new HuntSchedule({
        store: rig.store,
        report: async (detections) => {
          reported.push(...detections);
        },
        duties: OWN_DUTIES,
        nowUs: () => nowUs,
        failed: (error) => {
          throw error;
        },
      });
      await schedule.look();
      expect(reported).toEqual([]);
      nowUs = START_US + 120_000_000;
      await schedule.look();
      await schedule.look();
      expect(reported).toMatchObject([
        {
          ruleId: 'hunt/fetchers',
          agentId: DB,
          entity: 'hunt=fetchers',
          reason: expect.stringContaining('1 events match'),
        },
        { ruleId: 'hunt/fetchers', agentId: WEB, reason: expect.stringContaining('3 events match the saved hunt') },
      ]);
      expect(await hunts.list()).toMatchObject([
        { name: 'by-hand', ranUntilUs: undefined },
        { name: 'fetchers', problem: '' },
      ]);
      expect(await hunts.remove('fetchers', nowUs, COLLECTOR_ACTOR)).toBe(true);
      expect(await hunts.remove('fetchers', nowUs, COLLECTOR_ACTOR)).toBe(false);
      const { rows } = await rig.store.audit(2, '');
      expect(rows.map(({ action, subject }) => [action, subject])).toEqual([
        ['hunt.removed', 'fetchers'],
        ['hunt.saved', 'by-hand'],
      ]);
    });
  });
}

it('a field nobody has is refused before anything is asked', () => {
  expect(() => parseHunt('usr.name:root')).toThrow('did you mean "user.name"');
});
