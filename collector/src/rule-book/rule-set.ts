// The rules of a collector as of one revision of the store: the pack, what was imported in addition or in its place, what people
// decided. Never changes: what comes after it is another one.
import { suggest } from '@threatguard/proto/config';
import type { LoadedRule, LoadedRules } from '../detect/rules/link.ts';
import { compileRules, type RuleFile } from '../detect/rules/load.ts';
import type { RuleDirectory } from '../detect/rules/rule-directory.ts';
import { type RuleState, type Wired, wireRules } from '../detect/rules/wiring.ts';
import type { RuleBookRecord, RuleStateRecord } from '../store/rule-store.ts';
import { RuleBookError } from './rule-book-error.ts';
import { effectiveFiles, importedName, isImported, listedName, packName } from './rule-files.ts';

const CANDIDATES_NAMED_MAX = 5;

/** What the engine and the threads run. */
export interface RunningRules {
  files: readonly RuleFile[];
  /** Of those that are not simply on. */
  states: ReadonlyMap<string, RuleState>;
  /** What the files compile to, with what is wrong with them. */
  loaded: LoadedRules;
}

export class RuleSet {
  readonly record: RuleBookRecord;
  /** As it is listed. */
  readonly pack: readonly RuleFile[];
  readonly loaded: LoadedRules;
  readonly #files: readonly RuleFile[];
  readonly #wired: ReadonlyMap<string, Wired>;
  readonly #states: ReadonlyMap<string, RuleStateRecord>;

  constructor(pack: Pick<RuleDirectory, 'directory' | 'files' | 'kept'>, record: RuleBookRecord) {
    const { directory, files, kept } = pack;
    this.record = record;
    this.pack = files.map((file) => ({ ...file, name: packName(directory, file.name) }));
    this.#files = effectiveFiles(this.pack, record.files);
    const compiled = compileRules(this.#files);
    const problems = kept.map((problem) => ({ ...problem, file: packName(directory, problem.file) }));
    this.loaded = { ...compiled, problems: [...problems, ...compiled.problems] };
    const wired = wireRules(compiled.rules.map(({ rule }) => rule));
    this.#wired = new Map(wired.map((each) => [each.rule.id, each]));
    this.#states = new Map(record.states.map((each) => [each.ruleId, each]));
  }

  get running(): RunningRules {
    const states = new Map<string, RuleState>();
    for (const { ruleId, state } of this.#states.values()) if (state !== 'on') states.set(ruleId, state);
    return { files: this.#files, states, loaded: this.loaded };
  }

  /** What somebody decided last of a rule; undefined where nobody did, and it is on. */
  decided(ruleId: string): RuleStateRecord | undefined {
    return this.#states.get(ruleId);
  }

  state(ruleId: string): RuleState {
    return this.#states.get(ruleId)?.state ?? 'on';
  }

  /** How a rule that loaded stands to the others. */
  wiring(ruleId: string): Wired {
    return this.#wired.get(ruleId)!;
  }

  /** Titles of the correlations that refer to a rule. */
  feeds(ruleId: string): string[] {
    return this.wiring(ruleId).feeds.map(({ into }) => this.loaded.rules[into]!.rule.title);
  }

  /** Whether a rule stands in the place of one of the pack. */
  overrides({ rule, file }: LoadedRule): boolean {
    return this.record.files.some((one) => listedName(one) === file && one.overrides.includes(rule.id));
  }

  /** By id or name, or by how its id begins. Throws RuleBookError `not_found` or `ambiguous`. */
  find(text: string): LoadedRule {
    const { rules } = this.loaded;
    const exact = rules.find(({ rule }) => rule.id === text || rule.name === text);
    if (exact) return exact;
    const begin = text.toLowerCase();
    const found = begin === '' ? [] : rules.filter(({ rule }) => rule.id.toLowerCase().startsWith(begin));
    if (found.length === 1) return found[0]!;
    if (found.length === 0) {
      const names = rules.flatMap(({ rule }) => (rule.name === rule.id ? [rule.id] : [rule.id, rule.name]));
      throw new RuleBookError(
        'not_found',
        `no rule that is loaded has this id or name${suggest(text, names)}; threatguard rules list shows them`,
      );
    }
    const named = found.slice(0, CANDIDATES_NAMED_MAX).map(({ rule }) => `${rule.id} (${rule.title})`);
    const more = found.length > named.length ? `, and ${found.length - named.length} more` : '';
    throw new RuleBookError(
      'ambiguous',
      `several rules begin with this; give more of the id: ${named.join(', ')}${more}`,
    );
  }

  /** The name of an imported file, by it or by the only rule in it. Throws RuleBookError. */
  fileOf(text: string): string {
    const name = importedName(text);
    if (this.record.files.some((file) => file.name === name)) return name;
    const { rule, file } = this.find(text);
    if (!isImported(file)) {
      throw new RuleBookError('invalid', `"${rule.title}" is of the pack: threatguard rules disable switches it off`);
    }
    const others = this.loaded.rules.filter((one) => one.file === file).length - 1;
    if (others > 0) {
      throw new RuleBookError(
        'invalid',
        `"${rule.title}" is not alone in ${file}: name the file to remove it with ${others} others`,
      );
    }
    return importedName(file);
  }
}
