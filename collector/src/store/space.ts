import type { Engine, Session } from './database.ts';
import type { Retention } from './retention.ts';
import { isChunked } from './timescale.ts';
import { chunkedName } from './timescale-series.ts';

/** Sizes are asked of the file system, file by file; consoles may ask every second. */
const CACHED_US = 60_000_000;

/** The tree over evidence never goes: heads that somebody noted years ago are held against it. */
const TREE_TABLES = ['tree_nodes', 'tree_entries', 'tree_runs', 'tree_streams', 'tree_agents', 'tree_heads'] as const;

/** What the kinds of `status` are made of, and how long each is kept. */
const KINDS = {
  events: { tables: ['events'], days: ({ events }) => events },
  terms: { tables: ['batch_terms'], days: ({ events }) => events },
  evidence: { tables: ['evidence', 'quarantine', 'refusals'], days: ({ evidence }) => evidence },
  envelopes: { tables: ['envelopes'], days: ({ evidence, events }) => Math.max(evidence, events) },
  losses: { tables: ['losses'], days: ({ losses }) => losses },
  series: {
    tables: ['series', 'user', 'fleet'].flatMap((name) => [`${name}_minute`, `${name}_hour`, `${name}_day`]),
    days: ({ seriesMinute }) => seriesMinute,
  },
  alerts: {
    tables: [
      'alerts',
      'alert_history',
      'alert_acts',
      'verdicts',
      'detections',
      'simulated_matches',
      'exceptions',
      'outbox',
      'forward_queue',
    ],
    days: ({ alerts }) => alerts,
  },
  incidents: { tables: ['incidents', 'incident_alerts'], days: ({ alerts }) => alerts },
  entities: { tables: ['entities'], days: ({ alerts }) => alerts },
  risk: { tables: ['risk_points'], days: ({ risk }) => risk },
  audit: { tables: ['audit', 'audit_chain'], days: ({ audit }) => audit },
  fleet: {
    tables: ['agents', 'agent_certificates', 'tokens', 'stream_positions', 'keys', ...TREE_TABLES],
    days: () => 0,
  },
  models: { tables: ['models'], days: () => 0 },
} as const satisfies Record<string, { tables: readonly string[]; days: (retention: Retention) => number }>;

type Kind = keyof typeof KINDS;

/**
 * Bytes by kind, with indexes and everything else that belongs to a table; the engine's log is not among them. `other` is
 * the rest of the database: the catalogue, mostly. `bytesPerEvent` is of the table of events with its indexes, by the
 * planner's count of rows; 0 while nobody has counted.
 */
export type Space = Record<Kind | 'other' | 'bytesPerEvent', number>;

/** As `status` lists them; 0 days where nothing goes by age. Of the series the days of minutes. */
export function spaceByKind(space: Space, retention: Retention): { kind: string; bytes: number; keptDays: number }[] {
  const kinds = (Object.keys(KINDS) as Kind[]).map((kind) => ({
    kind: kind as string,
    bytes: space[kind],
    keptDays: KINDS[kind].days(retention),
  }));
  return [...kinds, { kind: 'other', bytes: space.other, keptDays: 0 }];
}

export class SpaceMeter {
  readonly #session: Session;
  readonly #engine: Engine;
  #last: { atUs: number; space: Promise<Space> } | undefined;

  constructor(session: Session, engine: Engine) {
    this.#session = session;
    this.#engine = engine;
  }

  read(nowUs: number): Promise<Space> {
    const age = nowUs - (this.#last?.atUs ?? Number.NEGATIVE_INFINITY);
    if (this.#last && age >= 0 && age < CACHED_US) return this.#last.space;
    const space = readSpace(this.#session, this.#engine);
    this.#last = { atUs: nowUs, space };
    // A failure is not kept: whoever asks next tries again.
    space.catch(() => {
      this.#last = undefined;
    });
    return space;
  }
}

async function readSpace(session: Session, engine: Engine): Promise<Space> {
  const space = Object.fromEntries(['other', 'bytesPerEvent', ...Object.keys(KINDS)].map((kind) => [kind, 0])) as Space;
  let known = 0;
  for (const [kind, { tables }] of Object.entries(KINDS) as [Kind, { tables: readonly string[] }][]) {
    for (const table of tables) space[kind] += await tableBytes(session, table, engine);
    known += space[kind];
  }
  const [row] = await session.query('select pg_database_size(current_database()) as bytes');
  space.other = Math.max(0, row?.bytes - known);
  space.bytesPerEvent = await bytesPerEvent(session, engine, space.events);
  return space;
}

async function tableBytes(session: Session, table: string, engine: Engine): Promise<number> {
  if (engine === 'timescaledb' && (await isChunked(session, table))) {
    const chunked = await chunkedName(session, table);
    const [row] = await session.query('select hypertable_size($1::regclass) as bytes', [chunked]);
    return row?.bytes ?? 0;
  }
  const [row] = await session.query(
    `select sum(pg_total_relation_size(oid))::bigint as bytes
     from (select $1::regclass::oid as oid union all select inhrelid from pg_inherits where inhparent = $1::regclass) t`,
    [table],
  );
  return row?.bytes ?? 0;
}

export interface CompressedBytes {
  /** As rows with their indexes; 0 for chunks that were never rows, because COPY wrote their columnstore. */
  before: number;
  after: number;
}

/** Of chunks of events that are compressed; undefined where none is. */
export async function readCompressedBytes(session: Session): Promise<CompressedBytes | undefined> {
  if (!(await isChunked(session, 'events'))) return undefined;
  const [row] = await session.query(
    `select before_compression_total_bytes::bigint as before, after_compression_total_bytes::bigint as after
     from hypertable_compression_stats('events') where number_compressed_chunks > 0`,
  );
  return row as CompressedBytes | undefined;
}

/** Only of partitions whose rows somebody counted: by ANALYZE, which servers do by themselves and upkeep on PGlite. */
async function bytesPerEvent(session: Session, engine: Engine, eventBytes: number): Promise<number> {
  const sql =
    engine === 'timescaledb'
      ? "select approximate_row_count('events') as rows, $1::bigint as bytes"
      : `select sum(reltuples)::bigint as rows, sum(pg_total_relation_size(oid))::bigint as bytes
         from pg_class where reltuples > 0 and $1::bigint >= 0
         and oid in (select inhrelid from pg_inherits where inhparent = 'events'::regclass)`;
  const [row] = await session.query(sql, [eventBytes]);
  return row?.rows > 0 ? row?.bytes / row?.rows : 0;
}
