import { type Alert, AlertState, type Detection, Severity } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { AlertFolder } from '../../collector/src/correlate/alert-folder.ts';
import { UlidSource } from '../../collector/src/correlate/ulid.ts';

const NOW_US = 1_790_000_000_000_000;
const HOUR_US = 3_600e6;
const reference = (index: number) => ({ agentId: 'a1', streamId: new Uint8Array(16), sequence: 1, index });
const detection = (more: Detection = {}): Detection => ({
  ruleId: 'r',
  ruleTitle: 'Rule',
  severity: Severity.MEDIUM,
  techniques: ['T1110.001'],
  tactics: ['credential-access'],
  reason: 'because',
  values: { 'user.name': 'root' },
  events: [reference(0)],
  firstAtUs: NOW_US - 5e6,
  lastAtUs: NOW_US,
  agentId: 'a1',
  entity: 'source.ip=192.0.2.1',
  ...more,
});
const at = (nowUs: number) => ({ nowUs, agentName: (id: string) => `name of ${id}` });

describe('folding detections into alerts', () => {
  it('raises an alert that says all the detection says', () => {
    const [alert, ...rest] = new AlertFolder().fold([detection()], at(NOW_US));
    expect(rest).toEqual([]);
    expect(alert).toMatchObject({
      ruleId: 'r',
      title: 'Rule',
      severity: Severity.MEDIUM,
      state: AlertState.OPEN,
      reason: 'because',
      values: { 'user.name': 'root' },
      agentId: 'a1',
      agentName: 'name of a1',
      count: 1,
      raisedAtUs: NOW_US,
      updatedAtUs: NOW_US,
      revision: 1,
      observedRatio: 1,
    });
    expect(alert!.id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it('grows it by more of the same, with the newest reason and the highest severity', () => {
    const folder = new AlertFolder();
    const [first] = folder.fold([detection({ severity: Severity.HIGH })], at(NOW_US));
    const later = detection({ reason: 'again', lastAtUs: NOW_US + 9, events: [reference(1)], values: { a: 'b' } });
    const [second] = folder.fold([later], at(NOW_US + 10));
    expect(second).toMatchObject({
      id: first!.id,
      severity: Severity.HIGH,
      reason: 'again',
      values: { a: 'b' },
      count: 2,
      revision: 2,
      firstAtUs: NOW_US - 5e6,
      lastAtUs: NOW_US + 9,
      raisedAtUs: NOW_US,
      updatedAtUs: NOW_US + 10,
      events: [reference(0), reference(1)],
    });
    expect(first!.count).toBe(1);
  });

  it('does not let a detection about earlier events replace the newest reason', () => {
    const folder = new AlertFolder();
    folder.fold([detection()], at(NOW_US));
    const earlier = detection({ reason: 'old', firstAtUs: NOW_US - 9e6, lastAtUs: NOW_US - 8e6 });
    expect(folder.fold([earlier], at(NOW_US))[0]).toMatchObject({ reason: 'because', firstAtUs: NOW_US - 9e6 });
  });

  it.each([
    ['another rule', { ruleId: 'q' }],
    ['another agent', { agentId: 'a2' }],
    ['no agent', { agentId: '' }],
    ['another entity', { entity: 'source.ip=192.0.2.2' }],
  ])('keeps %s apart', (_, more) => {
    const alerts = new AlertFolder().fold([detection(), detection(more)], at(NOW_US));
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(2);
  });

  it('makes one alert with one revision of a flood in one call', () => {
    const folder = new AlertFolder();
    const flood = Array.from({ length: 10_000 }, (_, index) => detection({ events: [reference(index)] }));
    const [alert, ...rest] = folder.fold(flood, at(NOW_US));
    expect(rest).toEqual([]);
    expect(alert).toMatchObject({ count: 10_000, revision: 1 });
    const indexes = alert!.events!.map(({ index }) => index);
    expect(indexes).toEqual([...Array(25).keys(), ...Array.from({ length: 25 }, (_, n) => 9975 + n)]);
    expect(folder.fold(flood.slice(0, 3), at(NOW_US + 1))[0]!.revision).toBe(2);
  });

  it('names no event twice', () => {
    const folder = new AlertFolder();
    folder.fold([detection()], at(NOW_US));
    expect(folder.fold([detection()], at(NOW_US))[0]!.events).toHaveLength(1);
  });

  it('begins anew when nothing came for the whole window, and not before', () => {
    const folder = new AlertFolder();
    const [first] = folder.fold([detection()], at(NOW_US));
    expect(folder.fold([detection()], at(NOW_US + HOUR_US))[0]!.id).toBe(first!.id);
    expect(folder.fold([detection()], at(NOW_US + 2 * HOUR_US + 1))[0]).toMatchObject({ count: 1, revision: 1 });
  });

  it('continues what was open before a restart', () => {
    const [alert] = new AlertFolder().fold([detection()], at(NOW_US));
    const folder = new AlertFolder();
    folder.restore([{ ...alert!, state: AlertState.ACKNOWLEDGED, observedRatio: 0.9 }]);
    expect(folder.fold([detection()], at(NOW_US + 1))[0]).toMatchObject({
      id: alert!.id,
      count: 2,
      revision: 2,
      state: AlertState.ACKNOWLEDGED,
      observedRatio: 0.9,
    });
  });

  it('begins anew after an alert was closed', () => {
    const folder = new AlertFolder();
    const [alert] = folder.fold([detection()], at(NOW_US));
    folder.restore([{ ...alert!, state: AlertState.CLOSED }]);
    const [next] = folder.fold([detection()], at(NOW_US + 1));
    expect(next!.id).not.toBe(alert!.id);
    folder.restore([{ ...alert!, state: AlertState.CLOSED }]);
    expect(folder.fold([detection()], at(NOW_US + 2))[0]!.id).toBe(next!.id);
  });

  it('forgets the least recently changed beyond its bound, and counts them', () => {
    const folder = new AlertFolder({ openAlertsMax: 2 });
    const of = (entity: string): Alert => folder.fold([detection({ entity })], at(NOW_US))[0]!;
    of('a');
    of('b');
    of('a');
    of('c');
    expect(folder.evicted).toBe(1);
    expect(of('a').count).toBe(3);
    expect(of('b').count).toBe(1);
  });
});

describe('ULIDs', () => {
  const zeros = (length: number) => new Uint8Array(length);
  it('hold the time in their first ten characters, as the specification writes it', () => {
    expect(new UlidSource(zeros).next(1_469_918_176_385)).toBe(`01aryz6s41${'0'.repeat(16)}`);
  });

  it.each([
    ['all random bits at zero', zeros],
    ['all random bits set, which run over', (length: number) => new Uint8Array(length).fill(255)],
  ])('sort in the order they were made, within a millisecond and when the clock steps back: %s', (_, random) => {
    const source = new UlidSource(random);
    const made = [5, 5, 5, 6, 4, 4, 7].map((nowMs) => source.next(1_790_000_000_000 + nowMs));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(7);
  });
});
