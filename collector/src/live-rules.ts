import type { Logger } from 'pino';
import { RuleEngine } from './detect/rules/rule-engine.ts';
import { RuleBook } from './rule-book/rule-book.ts';
import { SimulationLog } from './rule-book/simulation-log.ts';
import type { ShardRules } from './shards/messages.ts';
import type { Shards } from './shards/shards.ts';
import type { Store } from './store/store.ts';

export interface LiveRules extends Disposable {
  readonly book: RuleBook;
  readonly engine: RuleEngine;
  readonly simulations: SimulationLog;
  /** What threads begin with. */
  readonly forShards: ShardRules;
  /** From now on every change reaches the engine, then the threads. */
  follow(shards: Pick<Shards, 'useRules'>): void;
}

/** The rules of a collector as people left them. */
export async function openRules(parts: {
  /** Of the pack. */
  directory: string;
  store: Pick<Store, 'rules' | 'engine'>;
  nowUs: () => number;
  log: Logger;
  failed: (error: unknown) => void;
}): Promise<LiveRules> {
  const { directory, store, nowUs, log, failed } = parts;
  const book = await RuleBook.open({ directory, store: store.rules, nowUs, failed });
  const engine = new RuleEngine([]);
  const { problems } = engine.reload(book.running);
  for (const problem of problems) log.warn({ problem }, 'a rule could not be loaded');
  return {
    book,
    engine,
    simulations: new SimulationLog(),
    forShards: { ...book.running, generation: engine.generation },
    follow: (shards) => {
      const apply = async (rules: RuleBook['running']) => {
        const { problems: found } = engine.reload(rules);
        await shards.useRules({ ...rules, generation: engine.generation });
        log.info(
          { files: rules.files.length, rules: engine.rules.length, problems: found.length },
          'rules were changed',
        );
      };
      // An embedded store is this collector's alone.
      book.start(apply, { shared: store.engine !== 'pglite' });
    },
    [Symbol.dispose]: () => book[Symbol.dispose](),
  };
}
