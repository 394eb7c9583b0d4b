import type { EntityKind, EntityName } from '../correlate/entities.ts';
import type { Entity } from '../correlate/risk.ts';
import type { Row, Session } from './database.ts';
import { Parameters } from './field-sql.ts';
import type { Page, RiskPoint } from './page.ts';
import { StoreError } from './store-error.ts';
import { storableText, timestamp } from './values.ts';

const PAGE_MAX = 1_000;
/** Entities a ledger takes up again after a restart: those that changed last. */
const ACTIVE_MAX = 20_000;
/** Points of one answer: at five a point, the risk went up and down two hundred times. */
const POINTS_MAX = 2_000;

/** An entity only moves forward, and each of its points stands once: a group that comes again changes nothing. */
export async function storeEntities(session: Session, entities: readonly Entity[]): Promise<void> {
  if (entities.length === 0) return;
  const newest = new Map<string, ReturnType<typeof entityRow>>();
  const points = [];
  for (const entity of entities) {
    const row = entityRow(entity);
    if (entity.pointAtUs === entity.updatedAtUs) points.push(row);
    const key = `${row.kind} ${row.name}`;
    if (row.updated_at >= (newest.get(key)?.updated_at ?? '')) newest.set(key, row);
  }
  // In the order of the key, so that two collectors never wait for each other in a circle.
  const inOrder = Array.from(newest).sort(([a], [b]) => (a < b ? -1 : 1));
  await session.query(STORE_ENTITIES, [JSON.stringify(inOrder.map(([, row]) => row)), JSON.stringify(points)]);
}

const STORE_ENTITIES = `
  with points as (
    insert into risk_points select kind, name, updated_at, level from json_to_recordset($2::json) as r(
      kind text, name text, updated_at timestamptz, level double precision)
    on conflict do nothing
  )
  insert into entities as e select * from json_to_recordset($1::json) as r(
    kind text, name text, level double precision, reasons text, first_seen_at timestamptz, last_seen_at timestamptz,
    updated_at timestamptz, point_level double precision, point_at timestamptz)
  on conflict (kind, name) do update set
    level = excluded.level, reasons = excluded.reasons, first_seen_at = least(e.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(e.last_seen_at, excluded.last_seen_at), updated_at = excluded.updated_at,
    point_level = excluded.point_level, point_at = excluded.point_at
  where e.updated_at < excluded.updated_at`;

function entityRow(entity: Entity) {
  return {
    kind: entity.kind,
    name: storableText(entity.name),
    level: entity.level,
    reasons: storableText(JSON.stringify(entity.reasons)),
    first_seen_at: timestamp(entity.firstSeenAtUs),
    last_seen_at: timestamp(entity.lastSeenAtUs),
    updated_at: timestamp(entity.updatedAtUs),
    point_level: entity.pointLevel,
    point_at: timestamp(entity.pointAtUs),
  };
}

const COLUMNS = 'kind, name, level, reasons, first_seen_at, last_seen_at, updated_at, point_level, point_at';

/** Highest risk first: the level orders by it at any time. */
export async function listEntities(
  session: Session,
  filter: { kind?: EntityKind | undefined },
  limit: number,
  after: string,
): Promise<Page<Entity>> {
  const parameters = new Parameters();
  const conditions: string[] = [];
  if (filter.kind) conditions.push(`kind = ${parameters.add(filter.kind)}`);
  if (after) {
    const [level, kind, name] = readCursor(after);
    const place = `(${parameters.add(level)}::double precision, ${parameters.add(kind)}, ${parameters.add(name)})`;
    conditions.push(`(level, kind, name) < ${place}`);
  }
  const wanted = Math.max(1, Math.min(Math.trunc(limit) || 1, PAGE_MAX));
  const rows = await session.query(
    `select ${COLUMNS} from entities ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by level desc, kind desc, name desc limit ${parameters.add(wanted + 1)}`,
    parameters.values,
  );
  const page = rows.slice(0, wanted).map(entityOf);
  const last = page.at(-1);
  return { rows: page, next: rows.length > wanted && last ? writeCursor([last.level, last.kind, last.name]) : '' };
}

export async function findEntity(session: Session, { kind, name }: EntityName): Promise<Entity | undefined> {
  const [row] = await session.query(`select ${COLUMNS} from entities where kind = $1 and name = $2`, [
    kind,
    storableText(name),
  ]);
  return row && entityOf(row);
}

export async function activeEntities(session: Session): Promise<Entity[]> {
  const rows = await session.query(`select ${COLUMNS} from entities order by updated_at desc limit $1`, [ACTIVE_MAX]);
  return rows.map(entityOf);
}

/** Oldest first; of more than POINTS_MAX the newest. */
export async function riskHistory(
  session: Session,
  { kind, name }: EntityName,
  span: { fromUs: number; toUs: number },
): Promise<RiskPoint[]> {
  const rows = await session.query(
    `select at, level from risk_points where kind = $1 and name = $2 and at >= $3 and at < $4
     order by at desc limit $5`,
    [kind, storableText(name), timestamp(span.fromUs), timestamp(span.toUs), POINTS_MAX],
  );
  return rows.map((row) => ({ atUs: row.at, level: row.level })).reverse();
}

function entityOf(row: Row): Entity {
  return {
    kind: row.kind,
    name: row.name,
    level: row.level,
    reasons: JSON.parse(row.reasons),
    firstSeenAtUs: row.first_seen_at,
    lastSeenAtUs: row.last_seen_at,
    updatedAtUs: row.updated_at,
    pointLevel: row.point_level,
    pointAtUs: row.point_at,
  };
}

function writeCursor(place: [number, string, string]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Cursors come back from consoles: only one of our own form reaches a statement. */
function readCursor(cursor: string): [number, string, string] {
  const match = /^\[(-?[\d.e+]{1,32}),"(host|user|process|address)",("(?:[^"\\]|\\.)*")\]$/.exec(
    Buffer.from(cursor, 'base64url').toString(),
  );
  if (!match || !Number.isFinite(Number(match[1]))) throw new StoreError('rejected', 'not a cursor of an entity list');
  try {
    return [Number(match[1]), match[2]!, storableText(JSON.parse(match[3]!))];
  } catch (cause) {
    throw new StoreError('rejected', 'not a cursor of an entity list', { cause });
  }
}
