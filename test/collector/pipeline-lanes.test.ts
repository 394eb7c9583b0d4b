import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommitPace } from '../../collector/src/store/commit-pace.ts';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import { GROUP_BYTES_MAX, type Queued, SMALL_LANE, WriteQueue } from '../../collector/src/store/write-queue.ts';
import { processEvents } from '../support/envelopes.ts';
import { makeAlert, makeBatch, makeIncident } from '../support/stores.ts';

const agent = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;
const LARGE = 2 * 1024 * 1024;

function item(
  agentNumber: number,
  sequence: number,
  parts: { bytes?: number; alertId?: string; incidentOf?: string; moves?: string } = {},
): Queued {
  const batch = makeBatch({ agentId: agent(agentNumber), sequence, events: processEvents(1) });
  return {
    batch: toStorable(batch),
    detections: [],
    alerts: parts.alertId ? [makeAlert({ id: parts.alertId })] : [],
    entities: [],
    incidents: parts.incidentOf ? [makeIncident({ alerts: [parts.incidentOf] })] : [],
    pile: parts.moves ? [{ alertId: parts.moves, withheld: true, atUs: 1 }] : [],
    refusal: undefined,
    acts: [],
    bytes: parts.bytes ?? 1_000,
    resolve: () => undefined,
    reject: () => undefined,
  };
}

const keysOf = ({ batch, alerts }: Queued) => [batch!.agentId, ...alerts.map(({ id }) => id!)];
const named = (items: Queued[]) => items.map(({ batch }) => `${batch!.agentId.at(-1)}:${batch!.header.sequence}`);

function queueOf(...items: Queued[]) {
  const queue = new WriteQueue();
  const lanes = items.map((each) => queue.push(each));
  return { queue, lanes };
}

describe('what waits for the store', () => {
  it('has a small item of a quiet agent in a lane of its own', () => {
    const backlog = [1, 2, 3].map((sequence) => item(1, sequence, { bytes: LARGE }));
    const { queue } = queueOf(...backlog, item(2, 1));
    expect(named(queue.take(SMALL_LANE))).toEqual(['2:1']);
    expect(named(queue.take(1))).toEqual(['1:1', '1:2']);
    expect(named(queue.take(1))).toEqual(['1:3']);
    expect(queue.isEmpty(SMALL_LANE) && queue.isEmpty(1)).toBe(true);
  });

  it('keeps the items of one agent in order, whatever their size, until they are settled', () => {
    const { queue, lanes } = queueOf(
      item(1, 1, { bytes: LARGE }),
      item(1, 2),
      item(2, 1),
      item(2, 2, { bytes: LARGE }),
    );
    expect(lanes).toEqual([1, 1, SMALL_LANE, 1]);
    const small = queue.take(SMALL_LANE);
    expect(named(small)).toEqual(['2:1']);
    const large = queue.take(1);
    expect(named(large), 'the next large one waits for the small one before it').toEqual(['1:1', '1:2']);
    expect(queue.push(item(1, 3)), 'what is being committed counts').toBe(1);
    expect(named(queue.take(1))).toEqual([]);
    queue.settle(SMALL_LANE, small);
    expect(named(queue.take(1))).toEqual(['2:2', '1:3']);
    queue.settle(1, large);
  });

  it('lets an agent be small again when nothing large of it is left', () => {
    const { queue } = queueOf(item(1, 1, { bytes: LARGE }));
    queue.settle(1, queue.take(1));
    expect(queue.push(item(1, 2))).toBe(SMALL_LANE);
  });

  it('keeps the revisions of one alert in order across agents', () => {
    const { lanes } = queueOf(item(1, 1, { bytes: LARGE, alertId: 'a' }), item(2, 1, { alertId: 'a' }), item(3, 1));
    expect(lanes).toEqual([1, 1, SMALL_LANE]);
  });

  it('keeps an incident behind the alerts it is made of', () => {
    const { lanes } = queueOf(item(1, 1, { bytes: LARGE, alertId: 'a' }), item(2, 1, { incidentOf: 'a' }), item(3, 1));
    expect(lanes).toEqual([1, 1, SMALL_LANE]);
  });

  it('keeps an alert that gives way to another behind its own revisions', () => {
    const { lanes } = queueOf(item(1, 1, { bytes: LARGE, alertId: 'a' }), item(2, 1, { moves: 'a' }), item(3, 1));
    expect(lanes).toEqual([1, 1, SMALL_LANE]);
  });

  it('spreads large items of different agents over the large lanes, those of one agent into one', () => {
    const queue = new WriteQueue(2);
    const lanes = [1, 2, 1, 3].map((number, index) => queue.push(item(number, index + 1, { bytes: LARGE })));
    expect(lanes).toEqual([1, 2, 1, 2]);
  });

  const step = fc.oneof(
    fc.record({ agent: fc.integer({ min: 1, max: 4 }), large: fc.boolean(), alert: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ turnOf: fc.integer({ min: 0, max: 2 }) }),
  );

  it('never stores two items with a key in common in another order than they came, and stores them all', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new WriteQueue(2);
        const sent: Queued[] = [];
        const stored = new Map<string, number[]>();
        const committing: Queued[][] = [[], [], []];
        const turn = (lane: number) => {
          queue.settle(lane, committing[lane]!);
          for (const each of committing[lane]!) {
            for (const key of keysOf(each)) stored.set(key, [...(stored.get(key) ?? []), sent.indexOf(each)]);
          }
          committing[lane] = queue.take(lane);
        };
        for (const each of steps) {
          if ('turnOf' in each) {
            turn(each.turnOf);
            continue;
          }
          const alertId = each.alert > 0 ? `alert-${each.alert}` : undefined;
          const pushed = item(each.agent, 1, { bytes: each.large ? LARGE : 100, ...(alertId ? { alertId } : {}) });
          sent.push(pushed);
          queue.push(pushed);
        }
        for (let left = 0; left < 3 * (sent.length + 3); left++) turn(left % 3);
        for (const [key, order] of stored) expect(order, key).toEqual(order.toSorted((x, y) => x - y));
        expect([0, 1, 2].every((lane) => queue.isEmpty(lane) && committing[lane]!.length === 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('takes an item that is larger than a group alone', () => {
    const { queue } = queueOf(item(1, 1, { bytes: 4 * LARGE }), item(1, 2, { bytes: LARGE }));
    expect(named(queue.take(1))).toEqual(['1:1']);
    expect(named(queue.take(1))).toEqual(['1:2']);
  });
});

describe('the pace of large commits on one connection', () => {
  it('is full groups while nothing small comes, and some 40 ms while it does', () => {
    const pace = new CommitPace();
    expect(pace.bytesMax(0)).toBe(GROUP_BYTES_MAX);
    for (let round = 0; round < 20; round++) pace.committed(4_000_000, 400);
    expect(pace.bytesMax(0)).toBe(GROUP_BYTES_MAX);
    pace.small(1_000);
    expect(pace.bytesMax(1_500)).toBeCloseTo(400_000, -3);
    expect(pace.bytesMax(10_000)).toBe(GROUP_BYTES_MAX);
  });
});
