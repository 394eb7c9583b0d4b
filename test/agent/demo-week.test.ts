import { describe, expect, it } from 'vitest';
import { HOSTS } from '../../agent/src/demo/cast.ts';
import { HOUR_US } from '../../agent/src/demo/ordinary.ts';
import { STORIES, tellStory, WEEK_HOURS, weekActs } from '../../agent/src/demo/week.ts';

const END_US = Date.UTC(2026, 5, 12, 10, 25) * 1000;
/** What nobody has: RFC 1918, RFC 5737. */
const NOBODYS = /^(10\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)/;

describe('the week of the demonstration', () => {
  const acts = [...weekActs(1, END_US)];
  const all = acts.flatMap(({ byHost }) => [...byHost.values()].flat());

  it('is the same for the same seed and end, and another for another seed', () => {
    const first = (seed: number) =>
      JSON.stringify([...weekActs(seed, END_US).take(3)].map(({ byHost }) => [...byHost]));
    expect(first(1)).toBe(first(1));
    expect(first(2)).not.toBe(first(1));
  });

  it('is told act by act: within an act each host in order of time, and no act before the one before it', () => {
    let beganUs = END_US - (WEEK_HOURS + 1) * HOUR_US;
    for (const { byHost, endUs } of acts) {
      for (const events of byHost.values()) {
        const times = events.map(({ observedAtUs }) => observedAtUs!);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times[0]).toBeGreaterThanOrEqual(beganUs);
        expect(times.at(-1)).toBeLessThan(endUs);
      }
      beganUs = endUs - 4 * HOUR_US;
    }
    expect(acts.at(-1)!.endUs).toBe(END_US);
  });

  it('happens on hosts that say what they are, at addresses nobody has', () => {
    expect(acts.flatMap(({ byHost }) => [...byHost.keys()]).every((name) => name.startsWith('demo-'))).toBe(true);
    expect(new Set(acts.flatMap(({ byHost }) => [...byHost.keys()])).size).toBe(HOSTS.length);
    const addresses = all.flatMap(({ network, authentication }) => [
      network?.sourceAddress,
      network?.destinationAddress,
      authentication?.sourceAddress,
    ]);
    const others = new Set(addresses.filter((address) => address && !NOBODYS.test(address)));
    expect([...others]).toEqual([]);
  });

  it.each(STORIES.map((story) => [story.name, story] as const))('has in it: %s', (_, story) => {
    const told = tellStory(story, 1, story.beginsUs(END_US));
    const keys = new Set(all.map((event) => JSON.stringify(event)));
    expect(told.length).toBeGreaterThan(0);
    for (const { event } of told) expect(keys).toContain(JSON.stringify(event));
  });
});
