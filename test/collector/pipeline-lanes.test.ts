import { describe, expect, it } from 'vitest';
import { toStorable } from '../../collector/src/store/event-rows.ts';
import { type Queued, WriteQueue } from '../../collector/src/store/write-queue.ts';
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

function groups(...items: Queued[]): string[][] {
  const queue = new WriteQueue();
  for (const each of items) queue.push(each);
  const found: string[][] = [];
  while (queue.length > 0) {
    const named = queue.nextGroup().map(({ batch }) => `${batch!.agentId.at(-1)}:${batch!.header.sequence}`);
    found.push(named);
  }
  return found;
}

describe('what waits for the store', () => {
  it('lets a small item of a quiet agent go before the backlog of others', () => {
    const backlog = [1, 2, 3].map((sequence) => item(1, sequence, { bytes: LARGE }));
    expect(groups(...backlog, item(2, 1))).toEqual([
      ['2:1', '1:1'],
      ['1:2', '1:3'],
    ]);
  });

  it('keeps the items of one agent in order, whatever their size', () => {
    const found = groups(item(1, 1, { bytes: LARGE }), item(1, 2), item(1, 3, { bytes: LARGE }), item(1, 4)).flat();
    expect(found).toEqual(['1:1', '1:2', '1:3', '1:4']);
  });

  it('keeps the revisions of one alert in order across agents', () => {
    const found = groups(item(1, 1, { bytes: LARGE, alertId: 'a' }), item(2, 1, { alertId: 'a' }), item(3, 1)).flat();
    expect(found.indexOf('1:1')).toBeLessThan(found.indexOf('2:1'));
    expect(found[0]).toBe('3:1');
  });

  it('keeps an incident behind the alerts it is made of', () => {
    const found = groups(
      item(1, 1, { bytes: LARGE, alertId: 'a' }),
      item(2, 1, { incidentOf: 'a' }),
      item(3, 1),
    ).flat();
    expect(found.indexOf('1:1')).toBeLessThan(found.indexOf('2:1'));
    expect(found[0]).toBe('3:1');
  });

  it('lets large items go in every group, however many small ones come', () => {
    const small = Array.from({ length: 2_000 }, (_, index) => item(2, index + 1));
    expect(groups(item(1, 1, { bytes: LARGE }), ...small)[0]).toContain('1:1');
  });

  it('takes an item that is larger than a group alone', () => {
    const [first, second] = groups(item(1, 1, { bytes: 4 * LARGE }), item(1, 2, { bytes: LARGE }));
    expect(first).toEqual(['1:1']);
    expect(second).toEqual(['1:2']);
  });
});
