// A model held against hours it was not trained from: how many alerts it alone would have raised.
import type { BehaviourStore } from '../../../store/behaviour-store.ts';
import { type HourRows, selectHours, unpackHours } from '../hour-rows.ts';
import { ENTITY_KINDS } from '../profile.ts';
import type { KindScorers } from './registry.ts';
import { scoreRows, toMatrix } from './scorers.ts';

const DAY_HOURS = 24;
const HOUR_US = 3_600_000_000;

export interface Evaluation {
  /** That were scored. */
  hours: number;
  /** Beyond the threshold. */
  unusual: number;
  /** An entity once a day, and a host's entities together. */
  alerts: number;
  /** What the budget has for that time. */
  allowed: number;
  /** Share of the unusual hours that were at least once in ten hours by the baselines as well. */
  agreement: number;
}

export async function evaluateModel(parts: {
  scorers: KindScorers;
  store: Pick<BehaviourStore, 'hours'>;
  fromUs: number;
  untilUs: number;
  alertsPerHostDay: number;
}): Promise<Evaluation> {
  const { scorers, store, fromUs, untilUs, alertsPerHostDay } = parts;
  const days = Math.max(1 / DAY_HOURS, (untilUs - fromUs) / (DAY_HOURS * HOUR_US));
  const found = { hours: 0, unusual: 0, alerts: 0, agreed: 0 };
  let hosts = 0;
  const perKind: { kind: (typeof ENTITY_KINDS)[number]; rows: HourRows }[] = [];
  for (const [place, kind] of ENTITY_KINDS.entries()) {
    const entities = new Set<number>();
    for await (const block of store.hours(place, fromUs)) {
      if (block.firstAtUs > untilUs) continue;
      const rows = selectHours(await unpackHours(block), { fromUs, untilUs: untilUs + HOUR_US });
      perKind.push({ kind, rows });
      if (kind === 'host') for (const entity of rows.entities) entities.add(entity);
    }
    if (kind === 'host') hosts = entities.size;
  }
  const allowed = alertsPerHostDay * Math.max(1, hosts) * days;
  for (const kind of ENTITY_KINDS) {
    const scorer = scorers[kind];
    const blocks = perKind.filter((each) => each.kind === kind).map(({ rows }) => rows);
    const hours = blocks.reduce((sum, { hours: { length } }) => sum + length, 0);
    if (!scorer || hours === 0) continue;
    // The share of hours the budget has for entities of this kind.
    const need = Math.log10(Math.max(1, hours / (allowed / ENTITY_KINDS.length)));
    const spoken = new Set<string>();
    for (const rows of blocks) {
      const rarities = scoreRows(scorer, toMatrix(rows.features));
      for (let row = 0; row < rarities.length; row++) {
        if (rarities[row]! < need) continue;
        found.unusual++;
        if (rows.scores[row]! > 1) found.agreed++;
        spoken.add(`${rows.entities[row]} ${Math.floor(rows.hours[row]! / DAY_HOURS)}`);
      }
    }
    found.hours += hours;
    found.alerts += spoken.size;
  }
  const { hours, unusual, alerts, agreed } = found;
  return { hours, unusual, alerts, allowed, agreement: unusual > 0 ? agreed / unusual : 0 };
}
