import type { Alert } from '@threatguard/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ForwardItem } from '../../collector/src/store/forwarding-store.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAlert, START_US } from '../support/stores.ts';

const DAY_US = 86_400_000_000;
const RETENTION = { events: 90, evidence: 365, losses: 365, alerts: 30, risk: 365, audit: 60, seriesMinute: 30 };
const SIEM = { name: 'siem', stream: 'alerts' } as const;
const SOAR = { name: 'soar', stream: 'alerts' } as const;
const TRAIL = { name: 'siem', stream: 'audit' } as const;

const keyOf = ({ content }: ForwardItem) =>
  content?.kind === 'alert' ? `${content.alert.id}:${content.alert.revision}` : '';

describe.each(ENGINES.filter(({ available }) => available))('the queue of what is forwarded on $name', ({ start }) => {
  const rig = storeRig(start, { nowUs: START_US });
  const forwarding = () => rig.store.forwarding;
  const commit = (...alerts: Alert[]) => rig.store.commit(group({ alerts }));
  const of = async (target: { name: string; stream: string }) =>
    (await forwarding().targets()).find(({ name, stream }) => name === target.name && stream === target.stream)!;
  const advance = (target: typeof SIEM | typeof SOAR | typeof TRAIL, cursor: number) =>
    forwarding().advance(target, { cursor, delivered: 1, refused: 0, missed: 0, atUs: START_US });
  const queued = async () => (await rig.database.query('select 1 from forward_queue')).length;

  beforeEach(async () => {
    await forwarding().useTargets([]);
  });

  it('is empty where nobody is sent anything', async () => {
    await commit(makeAlert());
    expect(await queued()).toBe(0);
  });

  it('gives each revision once and in order, to each target from its own cursor, and then goes', async () => {
    await forwarding().useTargets([SIEM, SOAR]);
    const first = makeAlert();
    await commit(first, makeAlert());
    await commit({ ...first, revision: 2 }, first);
    const { cursor } = await of(SIEM);
    const items = await forwarding().next('alerts', cursor, 100);
    expect(items.map(keyOf)).toHaveLength(3);
    expect(items.map(keyOf).filter((key) => key.startsWith(first.id!))).toEqual([`${first.id}:1`, `${first.id}:2`]);
    await advance(SIEM, items[1]!.position);
    expect((await forwarding().next('alerts', items[1]!.position, 100)).map(keyOf)).toEqual([keyOf(items[2]!)]);
    expect(await queued()).toBe(3);
    expect(await forwarding().waiting(SIEM)).toMatchObject({ count: 1 });
    expect(await forwarding().waiting(SOAR)).toMatchObject({ count: 3 });
    await advance(SOAR, items[2]!.position);
    expect(await queued()).toBe(1);
    await advance(SIEM, items[2]!.position);
    expect(await queued()).toBe(0);
    expect(await forwarding().waiting(SIEM)).toEqual({ count: 0, oldestAtUs: undefined });
    expect(await of(SIEM)).toMatchObject({ delivered: 2, missed: 0, deliveredAtUs: START_US });
  });

  it('moves a cursor forward only', async () => {
    await forwarding().useTargets([SIEM]);
    await commit(makeAlert(), makeAlert());
    const items = await forwarding().next('alerts', (await of(SIEM)).cursor, 100);
    await advance(SIEM, items[1]!.position);
    await advance(SIEM, items[0]!.position);
    expect((await of(SIEM)).cursor).toBe(items[1]!.position);
  });

  it('keeps where a target was over a start, begins a new one with what comes, forgets one that is gone', async () => {
    await forwarding().useTargets([SIEM]);
    await commit(makeAlert(), makeAlert());
    const [both] = await forwarding()
      .useTargets([SIEM, SOAR])
      .then((targets) => [targets]);
    expect(await forwarding().waiting(SIEM)).toMatchObject({ count: 2 });
    expect(await forwarding().waiting(SOAR)).toMatchObject({ count: 0 });
    expect(both!.map(({ name }) => name)).toEqual(['siem', 'soar']);
    await forwarding().useTargets([SOAR]);
    expect(await queued()).toBe(0);
  });

  it('leaves nothing out where commits run beside each other and reads come in between', async () => {
    await forwarding().useTargets([SIEM]);
    const alerts = Array.from({ length: 120 }, () => makeAlert());
    let { cursor } = await of(SIEM);
    const seen: string[] = [];
    const read = async () => {
      const items = await forwarding().next('alerts', cursor, 7);
      seen.push(...items.map(keyOf));
      cursor = items.at(-1)?.position ?? cursor;
      return items.length;
    };
    let committing = true;
    const commits = Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        for (let index = lane; index < alerts.length; index += 4) await commit(alerts[index]!);
      }),
    ).then(() => {
      committing = false;
    });
    while (committing) await read();
    await commits;
    while ((await read()) > 0);
    expect(seen.toSorted()).toEqual(alerts.map(({ id }) => `${id}:1`).toSorted());
  });

  it('counts as missed what retention removes before a target had it, and only that', async () => {
    await forwarding().useTargets([SIEM, SOAR]);
    await commit(makeAlert(), makeAlert(), makeAlert());
    const items = await forwarding().next('alerts', (await of(SIEM)).cursor, 100);
    await advance(SOAR, items[1]!.position);
    await rig.store.keepUp(RETENTION, Date.now() * 1000);
    expect(await forwarding().waiting(SIEM)).toMatchObject({ count: 3 });
    await rig.store.keepUp(RETENTION, Date.now() * 1000 + 40 * DAY_US);
    expect(await of(SIEM)).toMatchObject({ missed: 3, cursor: items[2]!.position });
    expect(await of(SOAR)).toMatchObject({ missed: 1 });
    expect(await queued()).toBe(0);
  });

  it('gives the audit log from its newest entry on', async () => {
    await rig.store.recordFact({ action: 'before', subject: 'x' }, START_US);
    await forwarding().useTargets([TRAIL]);
    await rig.store.recordFact({ action: 'after.changed', subject: 'y' }, START_US);
    const { cursor } = await of(TRAIL);
    const items = await forwarding().next('audit', cursor, 10);
    expect(items).toMatchObject([
      { position: cursor + 1, content: { kind: 'audit', entry: { action: 'after.changed' } } },
    ]);
    expect(await forwarding().waiting(TRAIL)).toEqual({ count: 1, oldestAtUs: START_US });
    await advance(TRAIL, cursor + 1);
    expect(await forwarding().waiting(TRAIL)).toMatchObject({ count: 0 });
  });
});
