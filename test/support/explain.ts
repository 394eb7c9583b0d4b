// A database that notes the plan of every read it is asked for, as the engine made it for those parameters.
import type { Database, Parameter, Row, Session } from '../../collector/src/store/database.ts';

export interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

export class ExplainingDatabase implements Database {
  readonly kind: Database['kind'];
  /** For each read since the last `forget`, the nodes of its plan, outermost first. */
  reads: PlanNode[][] = [];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.kind = database.kind;
  }

  forget(): void {
    this.reads = [];
  }

  async query(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    if (/^\s*select\b/i.test(sql)) {
      const [row] = await this.#database.query(`explain (format json) ${sql}`, parameters);
      const answer = row?.['QUERY PLAN'];
      const [{ Plan }] = (typeof answer === 'string' ? JSON.parse(answer) : answer) as [{ Plan: PlanNode }];
      this.reads.push(nodes(Plan));
    }
    return this.#database.query(sql, parameters);
  }

  copyIn: Database['copyIn'] = (...parts) => this.#database.copyIn(...parts);
  script: Database['script'] = (sql) => this.#database.script(sql);

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#database.transaction(work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]() as Promise<void>;
  }
}

function nodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}
