// What keeps the store in shape: days made ahead and dropped, rows that go by age.
import { ageOut } from './aging.ts';
import type { Database } from './database.ts';
import { DAILY_TABLES, readPartitions } from './days.ts';
import { keepDays } from './days-upkeep.ts';
import { hasHolds, heldCondition, keepHoldsAsTheyAre } from './holds.ts';
import { dayOf, firstDayKept, type Retention } from './retention.ts';
import { dropChunks, isChunked } from './timescale.ts';
import { keepPolicies, keptRelations } from './timescale-policies.ts';
import { type UpkeepReport, UpkeepRun } from './upkeep-run.ts';

/** Makes days ahead, moves what came without one, and removes what retention has passed. Bounded; safe to repeat. */
export async function keepUp(database: Database, retention: Retention, nowUs: number): Promise<UpkeepReport> {
  const run = new UpkeepRun(database);
  const keptByDatabase = await keepPolicies(run, retention);
  for (const daily of DAILY_TABLES) {
    const keptFrom = firstDayKept(nowUs, retention[daily.kind]);
    if (await readPartitions(database, daily.table)) await keepDays(run, daily, { keptFrom, nowUs });
  }
  for (const { relation, days } of keptRelations(retention)) {
    if (keptByDatabase.has(relation) || !(await isChunked(database, relation))) continue;
    const time = DAILY_TABLES.find(({ table }) => table === relation)?.time;
    const condition = heldCondition(relation);
    const names = await run.step(async (session) => {
      await keepHoldsAsTheyAre(session);
      const held = time && condition && (await hasHolds(session)) ? { time, condition } : undefined;
      return dropChunks(session, { table: relation, firstDayKept: firstDayKept(nowUs, days), held });
    });
    run.report.dropped.push(...(names ?? []));
  }
  await ageOut(run, retention, nowUs);
  if (database.kind === 'pglite') await tidyEmbedded(database, run.report.made, nowUs);
  return run.report;
}

/** Nothing cleans up behind the embedded engine or counts for its planner: it has no background processes. */
async function tidyEmbedded(database: Database, made: readonly string[], nowUs: number): Promise<void> {
  const names = [
    'agents',
    'stream_positions',
    'alerts',
    'incidents',
    'entities',
    'outbox',
    'forward_queue',
    'forward_targets',
    'series_hour',
    'series_day',
    'user_hour',
    'user_day',
    'fleet_minute',
    'fleet_hour',
    'fleet_day',
  ];
  for (const { table } of DAILY_TABLES) {
    const recent = ((await readPartitions(database, table)) ?? []).filter(({ to }) => to - 1 <= dayOf(nowUs)).slice(-2);
    names.push(`${table}_rest`, ...recent.map(({ name }) => name));
  }
  // One at a time: commits go in between.
  for (const name of new Set([...names, ...made])) await database.script(`vacuum (analyze) ${name}`);
}
