// A database that runs every read once more under EXPLAIN ANALYZE, and notes what it did: for those parameters, in the
// same transaction where there is one.
import type { Database, Parameter, Row, Session } from '../../collector/src/store/database.ts';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Custom Plan Provider'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

export interface ExplainedRead {
  sql: string;
  /** Nodes of its plan, outermost first. */
  nodes: PlanNode[];
  /** Rows looked at in tables, whether they passed or not; agents are few and not counted. */
  rowsRead: number;
}

export class ExplainingDatabase implements Database {
  readonly kind: Database['kind'];
  readonly aside?: Database['aside'];
  /** Since the last `forget`. */
  reads: ExplainedRead[] = [];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.kind = database.kind;
    if (database.aside) this.aside = (work) => database.aside!(work);
  }

  forget(): void {
    this.reads = [];
  }

  async query(sql: string, parameters: readonly Parameter[] = [], signal?: AbortSignal): Promise<Row[]> {
    await this.#explain(this.#database, sql, parameters);
    return this.#database.query(sql, parameters, signal);
  }

  copyIn: Database['copyIn'] = (...parts) => this.#database.copyIn(...parts);
  ping: Database['ping'] = (signal) => this.#database.ping(signal);
  script: Database['script'] = (sql) => this.#database.script(sql);
  commit: Database['commit'] = (...parts) => this.#database.commit(...parts);

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#database.transaction((session) =>
      work({
        copyIn: session.copyIn,
        script: session.script,
        query: async (sql, parameters) => {
          await this.#explain(session, sql, parameters);
          return session.query(sql, parameters);
        },
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]() as Promise<void>;
  }

  async #explain(session: Session, sql: string, parameters: readonly Parameter[] = []): Promise<void> {
    if (!/^\s*select\b/i.test(sql)) return;
    const [row] = await session.query(`explain (analyze, timing off, format json) ${sql}`, parameters);
    const answer = row?.['QUERY PLAN'];
    const [{ Plan }] = (typeof answer === 'string' ? JSON.parse(answer) : answer) as [{ Plan: PlanNode }];
    const all = nodes(Plan);
    this.reads.push({ sql, nodes: all, rowsRead: all.reduce((sum, node) => sum + rowsReadBy(node), 0) });
  }
}

function rowsReadBy(node: PlanNode): number {
  if (!node['Relation Name'] || node['Relation Name'] === 'agents') return 0;
  // Of TimescaleDB: what it hands on was counted below, where it was read.
  if (node['Custom Plan Provider'] === 'ChunkAppend') return 0;
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return (node['Actual Rows'] + removed) * node['Actual Loops'];
}

function nodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}
