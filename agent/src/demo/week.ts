// The whole week in the order in which it is sent. What is sent at once is an act: an hour, or a few minutes while an attack
// goes on, so that rules which look over several hosts see them in the order in which it happened.
import { HOUR_US, ordinaryHour } from './ordinary.ts';
import { Seeded } from './seeded.ts';
import type { StagedEvent } from './stage.ts';
import { guessedPassword, spray, webShell } from './stories/break-ins.ts';
import { credentialReads, lateralMovement, nightlyExfiltration } from './stories/insiders.ts';
import { knocking, miner, pipedIntoShell, plannedWork, rootTwin } from './stories/others.ts';
import { Scene, type Story } from './stories/story.ts';

export const WEEK_HOURS = 7 * 24;
/** Shorter than what rules wait for events that come late (five minutes). */
const ATTACK_ACT_US = 4 * 60 * 1_000_000;

export const STORIES: readonly Story[] = [
  guessedPassword,
  miner,
  credentialReads,
  nightlyExfiltration,
  lateralMovement,
  plannedWork,
  rootTwin,
  spray,
  webShell,
  pipedIntoShell,
  knocking,
];

/** What happens again and again while the demo runs on. */
export const RECURRING: readonly Story[] = [knocking, pipedIntoShell, spray];

export interface Act {
  /** All of it happened before. */
  endUs: number;
  /** In order of time, by host. */
  byHost: Map<string, StagedEvent['event'][]>;
}

/** Acts of a week that ends then, the oldest first; the same for the same seed and end. */
export function* weekActs(seed: number, endUs: number): Generator<Act> {
  const stories = STORIES.flatMap((story) => tellStory(story, seed, story.beginsUs(endUs)));
  const lastUs = Math.floor(endUs / HOUR_US) * HOUR_US;
  for (let fromUs = lastUs - WEEK_HOURS * HOUR_US; fromUs < endUs; fromUs += HOUR_US) {
    const toUs = Math.min(fromUs + HOUR_US, endUs);
    const attacks = stories.filter(({ event }) => within(event, fromUs, toUs));
    const events = [...ordinaryHour(seed, fromUs), ...attacks].sort(inTime);
    const stepUs = attacks.length > 0 ? ATTACK_ACT_US : HOUR_US;
    for (let actUs = fromUs; actUs < toUs; actUs += stepUs) {
      const untilUs = Math.min(actUs + stepUs, toUs);
      yield actOf(
        events.filter(({ event }) => within(event, actUs, untilUs)),
        untilUs,
      );
    }
  }
}

/** A story told at a time. */
export function tellStory(story: Story, seed: number, atUs: number): StagedEvent[] {
  const into: StagedEvent[] = [];
  story.tell(new Scene({ atUs, random: new Seeded(seed, story.name, atUs), into }));
  return into;
}

export function actOf(events: readonly StagedEvent[], endUs: number): Act {
  const byHost = new Map<string, StagedEvent['event'][]>();
  for (const { host, event } of events) {
    const known = byHost.get(host);
    if (known) known.push(event);
    else byHost.set(host, [event]);
  }
  return { endUs, byHost };
}

export function inTime(a: StagedEvent, b: StagedEvent): number {
  return a.event.observedAtUs! - b.event.observedAtUs!;
}

function within({ observedAtUs }: StagedEvent['event'], fromUs: number, toUs: number): boolean {
  return observedAtUs! >= fromUs && observedAtUs! < toUs;
}
