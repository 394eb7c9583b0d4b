import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommitPace } from '../../collector/src/store/commit-pace.ts';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import { GROUP_BYTES_MAX, type Queued, WriteQueue } from '../../collector/src/store/write-queue.ts';
import { processEvents } from '../support/envelopes.ts';
import { makeAlert, makeBatch, makeIncident } from '../support/stores.ts';

const agent = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;
const LARGE = 2 * 1024 * 1024;

function item(
  agentNumber: number,
  sequence: number,
  parts: { bytes?: number; alertId?: string; incidentOf?: string } = {},
): Queued {
  const batch = makeBatch({ agentId: agent(agentNumber), sequence, events: processEvents(1) });
  return {
    batch: toStorable(batch),
    detections: [],
    alerts: parts.alertId ? [makeAlert({ id: parts.alertId })] : [],
    entities: [],
    incidents: parts.incidentOf ? [makeIncident({ alerts: [parts.incidentOf] })] : [],
    refusal: undefined,
    bytes: parts.bytes ?? 1_000,
    resolve: () => undefined,
    reject: () => undefined,
  };
}

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
    expect(named(queue.take('small'))).toEqual(['2:1']);
    expect(named(queue.take('large'))).toEqual(['1:1', '1:2']);
    expect(named(queue.take('large'))).toEqual(['1:3']);
    expect(queue.isEmpty('small') && queue.isEmpty('large')).toBe(true);
  });

  it('keeps the items of one agent in order, whatever their size, until they are settled', () => {
    const { queue, lanes } = queueOf(
      item(1, 1, { bytes: LARGE }),
      item(1, 2),
      item(2, 1),
      item(2, 2, { bytes: LARGE }),
    );
    expect(lanes).toEqual(['large', 'large', 'small', 'large']);
    const small = queue.take('small');
    expect(named(small)).toEqual(['2:1']);
    const large = queue.take('large');
    expect(named(large), 'the next large one waits for the small one before it').toEqual(['1:1', '1:2']);
    expect(queue.push(item(1, 3)), 'what is being committed counts').toBe('large');
    expect(named(queue.take('large'))).toEqual([]);
    queue.settle('small', small);
    expect(named(queue.take('large'))).toEqual(['2:2', '1:3']);
    queue.settle('large', large);
  });

  it('lets an agent be small again when nothing large of it is left', () => {
    const { queue } = queueOf(item(1, 1, { bytes: LARGE }));
    queue.settle('large', queue.take('large'));
    expect(queue.push(item(1, 2))).toBe('small');
  });

  it('keeps the revisions of one alert in order across agents', () => {
    const { lanes } = queueOf(item(1, 1, { bytes: LARGE, alertId: 'a' }), item(2, 1, { alertId: 'a' }), item(3, 1));
    expect(lanes).toEqual(['large', 'large', 'small']);
  });

  it('keeps an incident behind the alerts it is made of', () => {
    const { lanes } = queueOf(item(1, 1, { bytes: LARGE, alertId: 'a' }), item(2, 1, { incidentOf: 'a' }), item(3, 1));
    expect(lanes).toEqual(['large', 'large', 'small']);
  });

  it('gives both lanes in any order of arrival what a plain queue would, agent by agent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ agent: fc.integer({ min: 1, max: 4 }), large: fc.boolean(), lane: fc.boolean() }), {
          maxLength: 60,
        }),
        (steps) => {
          const queue = new WriteQueue();
          const sent = new Map<number, number>();
          const settled = new Map<string, number[]>();
          const out: { lane: 'small' | 'large'; group: Queued[] }[] = [];
          const settle = () => {
            for (const { lane, group } of out.splice(0)) {
              queue.settle(lane, group);
              for (const { batch } of group) {
                settled.set(batch!.agentId, [...(settled.get(batch!.agentId) ?? []), batch!.header.sequence]);
              }
            }
          };
          for (const { agent: number, large, lane } of steps) {
            const sequence = (sent.get(number) ?? 0) + 1;
            sent.set(number, sequence);
            queue.push(item(number, sequence, { bytes: large ? LARGE : 100 }));
            const name = lane ? 'small' : 'large';
            if (out.some((each) => each.lane === name)) settle();
            out.push({ lane: name, group: queue.take(name) });
          }
          for (let left = 0; left <= steps.length; left++) {
            settle();
            out.push({ lane: 'small', group: queue.take('small') }, { lane: 'large', group: queue.take('large') });
          }
          settle();
          for (const [number, count] of sent) {
            expect(settled.get(agent(number))).toEqual(Array.from({ length: count }, (_, index) => index + 1));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes an item that is larger than a group alone', () => {
    const { queue } = queueOf(item(1, 1, { bytes: 4 * LARGE }), item(1, 2, { bytes: LARGE }));
    expect(named(queue.take('large'))).toEqual(['1:1']);
    expect(named(queue.take('large'))).toEqual(['1:2']);
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
