// Other rules while events flow. The engine changes first and takes over what threads still match with the rules before, by what
// these rules mean; then the threads change, each between two envelopes. So an envelope is looked at by one set of rules whole.
import type { Logger } from 'pino';
import { RuleDirectory } from './detect/rules/rule-directory.ts';
import { RuleEngine } from './detect/rules/rule-engine.ts';
import { formatProblem } from './detect/rules/rule-error.ts';
import { RuleBook } from './rule-book/rule-book.ts';
import type { RunningRules } from './rule-book/rule-set.ts';
import { SimulationLog } from './rule-book/simulation-log.ts';
import type { ShardRules } from './shards/messages.ts';
import type { Shards } from './shards/shards.ts';
import type { Store } from './store/store.ts';

interface LiveRulesParts {
  /** Of the pack. */
  directory: string;
  store: Pick<Store, 'rules'>;
  nowUs: () => number;
  log: Logger;
}

/** The rules of a collector: the pack, followed as its files change, and what people decided. */
export class LiveRules implements Disposable {
  readonly book: RuleBook;
  readonly engine = new RuleEngine([]);
  readonly simulations = new SimulationLog();
  readonly #pack: RuleDirectory;
  readonly #parts: LiveRulesParts;

  private constructor(parts: LiveRulesParts, pack: RuleDirectory, book: RuleBook) {
    this.#parts = parts;
    this.#pack = pack;
    this.book = book;
    this.#runInEngine(book.running);
  }

  static async open(parts: LiveRulesParts): Promise<LiveRules> {
    const pack = new RuleDirectory(parts.directory);
    return new LiveRules(parts, pack, await RuleBook.open({ ...parts, pack, store: parts.store.rules }));
  }

  /** What threads begin with. */
  get forShards(): ShardRules {
    const { loaded, states } = this.book.running;
    return { documents: loaded.documents, states, generation: this.engine.generation };
  }

  /** From now on every change reaches the engine, then the threads. */
  follow(shards: Pick<Shards, 'useRules'>): void {
    const { log } = this.#parts;
    const apply = async (rules: RunningRules) => {
      this.#runInEngine(rules);
      await shards.useRules(this.forShards);
      log.info({ rules: this.engine.rules.length, problems: rules.loaded.problems.length }, 'the rules were reloaded');
    };
    this.book.start(apply);
    this.#pack.watch({
      changed: () => void this.reload(),
      failed: (error) => log.error({ err: error }, 'the directory of rules is not watched any more; SIGHUP reads it'),
    });
  }

  /** Reads the pack again, and runs what is there. Resolves when every thread does; what goes wrong is logged. */
  async reload(): Promise<void> {
    const { log } = this.#parts;
    try {
      if (!(await this.book.reread())) log.info('the rules are the same as before');
    } catch (error) {
      log.error({ err: error }, 'the rules could not be reloaded; those before go on running');
    }
  }

  [Symbol.dispose](): void {
    this.#pack[Symbol.dispose]();
  }

  #runInEngine(rules: RunningRules): void {
    const { problems } = this.engine.reload(rules);
    for (const problem of problems)
      this.#parts.log.warn({ problem: formatProblem(problem) }, 'a rule could not be loaded');
  }
}
