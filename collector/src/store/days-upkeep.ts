// The days of one table: made ahead, made for rows that came without one, dropped when retention has passed them.
import {
  DAYS_AHEAD,
  DAYS_BEHIND,
  type DailyTable,
  dayStart,
  LOCK_TIMEOUT_MS,
  MOVED_ROWS_MAX,
  makeDay,
  readPartitions,
} from './days.ts';
import { heldCondition, keepHoldsAsTheyAre } from './holds.ts';
import { dayOf } from './retention.ts';
import type { UpkeepRun } from './upkeep-run.ts';

/** Days moved out of the default partition in one run; each holds up commits for as long as its rows take. */
const MOVED_DAYS_MAX = 8;

export interface DaySpan {
  /** The first day retention keeps. */
  keptFrom: number;
  nowUs: number;
}

export async function keepDays(run: UpkeepRun, daily: DailyTable, span: DaySpan): Promise<void> {
  await dropDays(run, daily, span);
  for (let day = dayOf(span.nowUs) - DAYS_BEHIND; day <= dayOf(span.nowUs) + DAYS_AHEAD; day++) {
    await makeDayIfMissing(run, daily, day);
  }
  await moveDays(run, daily, span);
}

async function dropDays(run: UpkeepRun, { table, time, received }: DailyTable, { keptFrom }: DaySpan): Promise<void> {
  const partitions = (await readPartitions(run.database, table)) ?? [];
  const passed = partitions.filter(({ to }) => to <= keptFrom);
  const heldRow = heldCondition(table);
  for (const { name } of passed) {
    const dropped = await run.step(async (session) => {
      await keepHoldsAsTheyAre(session);
      if (heldRow && (await session.query(`select 1 from ${name} where ${heldRow} limit 1`)).length > 0)
        return undefined;
      await session.script(`set local lock_timeout = ${LOCK_TIMEOUT_MS}; drop table if exists ${name}`);
      return name;
    });
    if (dropped) run.report.dropped.push(dropped);
    // Of a day with something that is held, the rest goes row by row.
    else if (heldRow) await run.deleteRows(name, `not ${heldRow}`);
  }
  const old = `${time} < '${dayStart(keptFrom)}'`;
  const andFree = heldRow ? ` and not ${heldRow}` : '';
  for (const { name, from } of partitions) {
    if (from === Number.NEGATIVE_INFINITY && !passed.some((each) => each.name === name))
      await run.deleteRows(name, old + andFree);
  }
  // A clock ahead by years wrote rows that no day will ever reach: they count from when they came.
  const come = received ? ` or ${received} < '${dayStart(keptFrom)}'` : '';
  await run.deleteRows(`${table}_rest`, `(${old}${come})${andFree}`);
}

/** Days that stand in the default partition and are neither too old nor still to come. */
async function moveDays(run: UpkeepRun, daily: DailyTable, { keptFrom, nowUs }: DaySpan): Promise<void> {
  const { table, time } = daily;
  let from = keptFrom;
  for (let moved = 0; moved < MOVED_DAYS_MAX; moved++) {
    const [oldest] = await run.database.query(
      `select min(${time}) as at from ${table}_rest where ${time} >= $1 and ${time} < $2`,
      [dayStart(from), dayStart(dayOf(nowUs) + DAYS_AHEAD + 1)],
    );
    if (typeof oldest?.at !== 'number') return;
    await makeDayIfMissing(run, daily, dayOf(oldest.at));
    from = dayOf(oldest.at) + 1;
  }
}

async function makeDayIfMissing(run: UpkeepRun, daily: DailyTable, day: number): Promise<void> {
  const { table, time } = daily;
  const covers = ({ from, to }: { from: number; to: number }) => from <= day && day < to;
  if ((await readPartitions(run.database, table))?.some(covers)) return;
  const made = await run.step(async (session) => {
    // Once more: another collector may have made it before this one had the lock.
    if ((await readPartitions(session, table))?.some(covers)) return undefined;
    const [row] = await session.query(
      `select count(*) as rows from (select from ${table}_rest where ${time} >= $1 and ${time} < $2
       limit ${MOVED_ROWS_MAX + 1}) r`,
      [dayStart(day), dayStart(day + 1)],
    );
    // So many would hold up commits too long: they stay, are found by the index, and go by retention row by row.
    return row?.rows > MOVED_ROWS_MAX ? undefined : makeDay(session, daily, day);
  });
  if (made) run.report.made.push(made);
}
