import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FOLD_WINDOW_US } from '../../collector/src/correlate/alert-folder.ts';
import { batchesOf, type WrittenEvent } from '../support/rule-events.ts';
import { loadEngine } from '../support/rule-text.ts';

const RULES = fileURLToPath(new URL('../../collector/rules', import.meta.url));
const DAY = new URL('../fixtures/rules/ordinary-day.yaml', import.meta.url);

/** What an analyst can be asked to look at of a host on a day when nothing happened: fewer than this. */
const ALERTS_PER_HOST_AND_DAY = 3;

interface Job {
  at: string;
  why: string;
  events: WrittenEvent[];
}

/** The jobs at their times of day, one after the other. */
function eventsOf(jobs: readonly Job[]): WrittenEvent[] {
  let endedAt = 0;
  return jobs.flatMap(({ at, events }) => {
    const [hours, minutes] = at.split(':').map(Number) as [number, number];
    const startsAt = hours * 3600 + minutes * 60;
    const afterSeconds = startsAt - endedAt;
    expect(afterSeconds, `the job at ${at} begins after the one before it ended`).toBeGreaterThanOrEqual(0);
    endedAt = startsAt + events.reduce((sum, { repeat = 1, everySeconds = 1 }) => sum + repeat * everySeconds, 0);
    return events.map((event, index) => (index === 0 ? { ...event, afterSeconds } : event));
  });
}

describe('the built-in rules over a day of ordinary administration', () => {
  it(`raise fewer than ${ALERTS_PER_HOST_AND_DAY} alerts`, () => {
    const { engine } = loadEngine(RULES);
    const events = eventsOf(parse(readFileSync(DAY, 'utf8')) as Job[]);
    const alerts = new Map<string, string>();
    for (const batch of batchesOf(events)) {
      for (const { ruleId, ruleTitle, entity, reason, lastAtUs = 0 } of engine.inspect(batch)) {
        // As alerts fold: by rule and entity, within an hour.
        alerts.set(`${ruleId} ${entity} ${Math.floor(lastAtUs / FOLD_WINDOW_US)}`, `${ruleTitle}: ${reason}`);
      }
    }
    const why = [...alerts.values()];
    expect(why.length, why.join('\n')).toBeLessThan(ALERTS_PER_HOST_AND_DAY);
  });
});
