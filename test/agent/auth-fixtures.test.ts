import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventClass, type HostEvent, Outcome, toEcs } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/auth');
const NOW_US = Date.UTC(2026, 10, 21, 11) * 1000;

/** Lines of test/fixtures/auth/forms.log and some others bring their own. */
const HAS_TIME =
  /^(?:-- Boot|<|\d{4}-|\d{9,10}\.|\[ *\d+\.|\{|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]?\d |[A-Z][a-z]{2} \d{4}-)/;

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
  let repeats = false;
  for (const line of readFileSync(join(FIXTURES, name), 'utf8').split('\n')) {
    const expectation = /^# (?:expect|(?<repeats>repeats)) (?<wanted>.*)$/.exec(line)?.groups;
    if (expectation) {
      wanted = expectation.wanted!;
      repeats = expectation.repeats !== undefined;
    }
    if (line.startsWith('#') || line === '' || wanted === null) continue;
    const expected = wanted;
    const isRepeat = repeats;
    wanted = null;
    const whole = HAS_TIME.test(line) ? line : `Nov 21 10:00:00 host ${line}`;
    const reading = parser.parse(whole, { nowUs: NOW_US, timeZone: 'UTC' });
    it(line.trim().slice(0, 110), () => {
      expect(reading.known, 'understood').toBe(expected !== 'unknown');
      if (expected === 'null' || expected === 'unknown') return expect(reading.event).toBeNull();
      expect(reading.event, 'an event').not.toBeNull();
      expect(reading.repeats, 'repeats another line').toBe(isRepeat);
      expect(describeEvent(reading.event!)).toMatchObject(JSON.parse(expected));
      if (!whole.startsWith('{')) expect(reading.event!.original).toBe(whole);
    });
  }
});
