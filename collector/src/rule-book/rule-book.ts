// The rules this collector runs, and whether each is on: the pack, what was imported, what people decided.
//
// Invariants: what is shown is what runs, as of one revision of the store. A change is checked against a revision and written only
// on that one; what others changed meanwhile is taken in first. Whatever is taken in goes to the engine before the next change.
import type { StoredEvent } from '@threatguard/proto';
import type { LoadedRule, LoadedRules } from '../detect/rules/link.ts';
import type { RuleDirectory } from '../detect/rules/rule-directory.ts';
import type { RuleState, Wired } from '../detect/rules/wiring.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { ImportedRuleFile, RuleBookRecord, RuleStateRecord, RuleStore } from '../store/rule-store.ts';
import { Turns } from '../turns.ts';
import type { CheckedChange } from './check-change.ts';
import { Desk } from './desk.ts';
import type { EventExplanation } from './explain-event.ts';
import { refuseTooMany } from './read-incoming.ts';
import { RuleBookError } from './rule-book-error.ts';
import { listedName } from './rule-files.ts';
import { RuleSet, type RunningRules } from './rule-set.ts';

/** A change that others come before is looked at anew so often. */
const ATTEMPTS_MAX = 3;
/** Of no store. */
const NO_REVISION = -1;

export interface RuleBookParts {
  pack: Pick<RuleDirectory, 'directory' | 'files' | 'kept' | 'reread'>;
  store: RuleStore;
  nowUs: () => number;
  desk?: Desk;
}

export class RuleBook {
  readonly #parts: RuleBookParts;
  readonly #desk: Desk;
  #set: RuleSet;
  /** The revision of the store that runs. */
  #revision: number;
  #apply: ((rules: RunningRules) => Promise<void>) | undefined;
  /** Changes one after the other. */
  readonly #turns = new Turns();

  private constructor(parts: RuleBookParts, record: RuleBookRecord) {
    this.#parts = parts;
    this.#desk = parts.desk ?? new Desk();
    this.#set = new RuleSet(parts.pack, record);
    this.#revision = record.revision;
  }

  static async open(parts: RuleBookParts): Promise<RuleBook> {
    return new RuleBook(parts, await parts.store.load());
  }

  /** Hands every change to whoever runs the rules from now on. */
  start(apply: (rules: RunningRules) => Promise<void>): void {
    this.#apply = apply;
  }

  /** Takes in what other collectors of the store changed. Resolves when it runs. */
  takeIn(): Promise<void> {
    return this.#turns.next(() => this.#catchUp());
  }

  /** Reads the pack again. Resolves when it runs; false where nothing changed. */
  reread(): Promise<boolean> {
    return this.#turns.next(async () => {
      if (!this.#parts.pack.reread()) return false;
      await this.#use({ ...this.#set.record, revision: this.#revision });
      return true;
    });
  }

  get running(): RunningRules {
    return this.#set.running;
  }

  get loaded(): LoadedRules {
    return this.#set.loaded;
  }

  /** What somebody decided last of a rule; undefined where nobody did, and it is on. */
  decided(ruleId: string): RuleStateRecord | undefined {
    return this.#set.decided(ruleId);
  }

  state(ruleId: string): RuleState {
    return this.#set.state(ruleId);
  }

  /** How a rule that loaded stands to the others. */
  wiring(ruleId: string): Wired {
    return this.#set.wiring(ruleId);
  }

  /** Titles of the correlations that refer to a rule. */
  feeds(ruleId: string): string[] {
    return this.#set.feeds(ruleId);
  }

  /** Whether a rule stands in the place of one of the pack. */
  overrides(loaded: LoadedRule): boolean {
    return this.#set.overrides(loaded);
  }

  /** By id or name, or by how its id begins. Throws RuleBookError `not_found` or `ambiguous`. */
  find(text: string): LoadedRule {
    return this.#set.find(text);
  }

  /** Resolves when it runs. Gives the state before. */
  setState(
    text: string,
    decided: { state: RuleState; reason: string },
    by: AuditActor,
  ): Promise<{ id: string; before: RuleState }> {
    return this.#turns.next(async () => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const { id } = this.find(text).rule;
        if (decided.state === 'simulated' && !this.wiring(id).speaks) {
          const feeds = this.feeds(id).map((title) => `"${title}"`);
          throw new RuleBookError(
            'invalid',
            `this rule never alerts by itself: simulate what it feeds: ${feeds.join(', ')}`,
          );
        }
        const before = this.state(id);
        const record = { ruleId: id, ...decided, changedAtUs: this.#parts.nowUs(), changedBy: by.id };
        if (await this.#write({ states: [record] }, by)) return { id, before };
      }
      throw this.#overtaken();
    });
  }

  /** Takes files in, whole or not at all. `apply` false only looks. */
  import(
    incoming: readonly { name: string; text: string }[],
    options: { override: boolean; partial: boolean; apply: boolean },
    by: AuditActor,
  ): Promise<CheckedChange & { unchanged: number; applied: boolean }> {
    return this.#turns.next(async () => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        await this.#catchUp();
        const known = new Map(this.#set.record.files.map((file) => [file.name, file]));
        const fresh = incoming.filter(({ name, text }) => known.get(name)?.text !== text);
        const names = new Set(fresh.map(({ name }) => name));
        const kept = this.#set.record.files.filter(({ name }) => !names.has(name));
        refuseTooMany([...kept, ...fresh].map(({ text }) => text));
        const checked = await this.#check({ incoming: fresh, removed: [], ...options });
        const answer = { ...checked, unchanged: incoming.length - fresh.length };
        const refused = checked.refusals.length > 0 && !options.partial;
        if (refused || !options.apply || checked.files.length === 0) return { ...answer, applied: false };
        if (await this.#write({ files: this.#toStore(checked, by) }, by)) return { ...answer, applied: true };
      }
      throw this.#overtaken();
    });
  }

  /** Forgets an imported file, by its name or that of the only rule in it. */
  remove(text: string, by: AuditActor): Promise<CheckedChange & { file: string }> {
    return this.#turns.next(async () => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        await this.#catchUp();
        const name = this.#set.fileOf(text);
        const checked = await this.#check({ incoming: [], removed: [name], override: false, partial: false });
        const [refusal] = checked.refusals;
        if (refusal) {
          const { file, line, rule, reason } = refusal;
          throw new RuleBookError('unsafe', `others need what is in it: ${file}:${line}: ${rule}: ${reason}`);
        }
        if (await this.#write({ removed: [name] }, by)) return { ...checked, file: listedName({ name }) };
      }
      throw this.#overtaken();
    });
  }

  explain(event: StoredEvent): Promise<EventExplanation> {
    return this.#desk.explain(this.running.files, event);
  }

  #check(change: Omit<Parameters<Desk['check']>[0], 'pack' | 'imported'>): Promise<CheckedChange> {
    return this.#desk.check({ ...change, pack: this.#set.pack, imported: this.#set.record.files });
  }

  #toStore(checked: CheckedChange, by: AuditActor): { file: ImportedRuleFile; facts: { rules: number } }[] {
    const importedAtUs = this.#parts.nowUs();
    return checked.files.map(({ name, text, overrides, rules }) => ({
      file: { name, text, overrides, importedAtUs, importedBy: by.id },
      facts: { rules },
    }));
  }

  /** False where others changed something first, which is then taken in. */
  async #write(change: Pick<Parameters<RuleStore['change']>[0], 'states' | 'files' | 'removed'>, by: AuditActor) {
    const { store, nowUs } = this.#parts;
    const done = await store.change({ ...change, revision: this.#revision, atUs: nowUs() }, by);
    await this.#catchUp();
    return done;
  }

  async #catchUp(): Promise<void> {
    const { store } = this.#parts;
    if ((await store.revision()) === this.#revision) return;
    await this.#use(await store.load());
  }

  async #use(record: RuleBookRecord): Promise<void> {
    this.#set = new RuleSet(this.#parts.pack, record);
    this.#revision = record.revision;
    try {
      await this.#apply?.(this.running);
    } catch (error) {
      // What does not run yet is taken in again at the next look.
      this.#revision = NO_REVISION;
      throw error;
    }
  }

  #overtaken(): RuleBookError {
    return new RuleBookError('busy', 'others change rules at the same time; try again');
  }
}
