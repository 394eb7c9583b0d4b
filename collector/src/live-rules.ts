// Other rules while events flow. The engine changes first and takes over what threads still match with the rules before, by what
// these rules mean; then the threads change, each between two envelopes. So an envelope is looked at by one set of rules whole.
import type { Logger } from 'pino';
import type { RuleDirectory } from './detect/rules/rule-directory.ts';
import type { RuleEngine } from './detect/rules/rule-engine.ts';
import { formatProblem } from './detect/rules/rule-error.ts';
import type { RuleStates } from './detect/rules/wiring.ts';
import type { Shards } from './shards/shards.ts';

interface LiveRulesParts {
  directory: RuleDirectory;
  engine: RuleEngine;
  shards: Pick<Shards, 'useRules'>;
  states: () => RuleStates;
  log: Logger;
}

export class LiveRules {
  readonly #parts: LiveRulesParts;
  /** Reloads one after the other: threads are never more than one behind. */
  #turn: Promise<void> = Promise.resolve();

  /** Follows the directory from now on. */
  constructor(parts: LiveRulesParts) {
    this.#parts = parts;
    const { directory, log } = parts;
    directory.watch({
      changed: () => void this.reload(),
      failed: (error) => log.error({ err: error }, 'the directory of rules is not watched any more; SIGHUP reads it'),
    });
  }

  /** Reads the directory, and runs what is there. Resolves when every thread does; what goes wrong is logged. */
  reload(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#reload());
    return this.#turn;
  }

  async #reload(): Promise<void> {
    const { directory, engine, shards, states, log } = this.#parts;
    try {
      if (!directory.reread()) {
        log.info({ rules: engine.rules.length }, 'the rules are the same as before');
        return;
      }
      const { files, loaded } = directory;
      const { problems } = engine.reload({ files, states: states(), loaded });
      for (const problem of problems) log.warn({ problem: formatProblem(problem) }, 'a rule could not be loaded');
      await shards.useRules({ files, states: states(), generation: engine.generation });
      log.info({ rules: engine.rules.length, problems: problems.length }, 'the rules were reloaded');
    } catch (error) {
      log.error({ err: error }, 'the rules could not be reloaded; those before go on running');
    }
  }
}
