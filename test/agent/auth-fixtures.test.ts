import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventClass, type HostEvent, Outcome, toEcs } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/auth');
const NOW_US = Date.UTC(2026, 10, 21, 11) * 1000;

function describeEvent(event: HostEvent): Record<string, unknown> {
  const ecs = toEcs(event);
  return {
    ...ecs,
    'user.name': event.user?.name ?? null,
    'source.ip': ecs['source.ip'] ?? null,
    class: EventClass[event.class ?? 0]!.toLowerCase(),
    activity: ecs['event.action'],
    outcome: Outcome[event.outcome ?? 0]!.toLowerCase().replace('outcome_unspecified', 'unknown'),
  };
}

describe.each(readdirSync(FIXTURES).filter((name) => name.endsWith('.log')))('%s', (name) => {
  const parser = new AuthParser('auth.file');
  let wanted: string | null = null;
  for (const line of readFileSync(join(FIXTURES, name), 'utf8').split('\n')) {
    if (line.startsWith('# expect ')) wanted = line.slice(9);
    if (line.startsWith('#') || line === '' || wanted === null) continue;
    const expected = wanted;
    wanted = null;
    const whole = /^(?:<|\d{4}-)/.test(line) ? line : `Nov 21 10:00:00 host ${line}`;
    const reading = parser.parse(whole, { nowUs: NOW_US, timeZone: 'UTC' });
    it(line.trim().slice(0, 110), () => {
      expect(reading.known, 'understood').toBe(expected !== 'unknown');
      if (expected === 'null' || expected === 'unknown') return expect(reading.event).toBeNull();
      expect(reading.event, 'an event').not.toBeNull();
      expect(describeEvent(reading.event!)).toMatchObject(JSON.parse(expected));
      expect(reading.event!.original).toBe(whole);
    });
  }
});
