import { hostNamed } from '../cast.ts';
import type { Seeded } from '../seeded.ts';
import { Stage, type StagedEvent } from '../stage.ts';

export const SECOND_US = 1_000_000;
export const MINUTE_US = 60 * SECOND_US;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;

/** One attack, as attack.mitre.org describes its techniques. */
export interface Story {
  name: string;
  /** When it begins in a week that ends then. */
  beginsUs(endUs: number): number;
  tell(scene: Scene): void;
}

/** Where a story happens. */
export class Scene {
  readonly atUs: number;
  readonly random: Seeded;
  readonly into: StagedEvent[];

  constructor(parts: { atUs: number; random: Seeded; into: StagedEvent[] }) {
    this.atUs = parts.atUs;
    this.random = parts.random;
    this.into = parts.into;
  }

  /** Anew each time: process ids of one stage go on from each other. */
  readonly on = (host: string): Stage => new Stage(hostNamed(host), this.random, this.into);
}

/** So many days before the week's last midnight, UTC, at that time of day. */
export function daysBefore(days: number, hour: number, minute: number): Story['beginsUs'] {
  return (endUs) => Math.floor(endUs / DAY_US) * DAY_US - days * DAY_US + hour * HOUR_US + minute * MINUTE_US;
}

/** So many minutes before the week ends, which is now. */
export function minutesBefore(minutes: number): Story['beginsUs'] {
  return (endUs) => endUs - minutes * MINUTE_US;
}
