// The rule files of a directory while a collector runs: read again when they change. A file that loaded whole, or of which
// rules were loaded, and that does not load any more stays as it was, and that is said: a slip of an editor must not switch a
// rule off.
import { watch } from 'node:fs';
import type { LoadedRules } from './link.ts';
import { compileRules, type RuleFile, readRuleFiles } from './load.ts';
import type { RuleProblem } from './rule-error.ts';

/** After the last change seen: an editor or a package writes several files, each in several steps. */
const SETTLED_MS = 300;

export class RuleDirectory implements Disposable {
  readonly directory: string;
  /** As they run, by name. */
  #files: readonly RuleFile[];
  /** As they were read last. */
  #read: readonly RuleFile[];
  /** What #files compile to, once somebody asks: at start others compile them. */
  #loaded: LoadedRules | undefined;
  /** Of files that stay as they were. */
  #kept: readonly RuleProblem[] = [];
  readonly #watching = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** Reads it. Errors of the file system are thrown as they are. */
  constructor(directory: string) {
    this.directory = directory;
    this.#files = readRuleFiles(directory);
    this.#read = this.#files;
  }

  get files(): readonly RuleFile[] {
    return this.#files;
  }

  /** What these compile to; its problems are also those of files that stay as they were. */
  get loaded(): LoadedRules {
    this.#loaded ??= compileRules(this.#files);
    return this.#loaded;
  }

  /** What is wrong with files as they were read last, which run as they were before. */
  get kept(): readonly RuleProblem[] {
    return this.#kept;
  }

  /** Reads it again; false where nothing changed. Errors of the file system are thrown as they are, and change nothing. */
  reread(): boolean {
    const read = readRuleFiles(this.directory);
    if (isSame(read, this.#read)) return false;
    const loaded = compileRules(read);
    const broken = new Set(this.#broken(read, loaded));
    this.#read = read;
    this.#kept = loaded.problems.filter(({ file }) => broken.has(file)).map(asKept);
    if (broken.size === 0) {
      this.#files = read;
      this.#loaded = loaded;
      return true;
    }
    const before = textsOf(this.#files);
    this.#files = read.map((file) => (broken.has(file.name) ? { ...file, text: before.get(file.name)! } : file));
    const running = compileRules(this.#files);
    this.#loaded = { ...running, problems: [...this.#kept, ...running.problems] };
    return true;
  }

  /** Calls when something below it changed and then nothing did for a moment. */
  watch({ changed, failed }: { changed: () => void; failed: (error: unknown) => void }): void {
    const { signal } = this.#watching;
    watch(this.directory, { recursive: true, persistent: false, signal })
      .on('change', () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(changed, SETTLED_MS).unref();
      })
      .on('error', failed);
  }

  [Symbol.dispose](): void {
    this.#watching.abort();
    clearTimeout(this.#timer);
  }

  /** Names of files that changed and lost by it what was loaded from them. */
  #broken(read: readonly RuleFile[], loaded: LoadedRules): string[] {
    const before = textsOf(this.#files);
    const wrongBefore = new Set(this.loaded.problems.map(({ file }) => file));
    const wrong = new Set(loaded.problems.map(({ file }) => file));
    const ids = new Set(loaded.rules.map(({ rule }) => rule.id));
    return read.flatMap(({ name, text }) => {
      const former = before.get(name);
      if (former === undefined || former === text || !wrong.has(name)) return [];
      const lost = this.loaded.rules.some(({ file, rule }) => file === name && !ids.has(rule.id));
      return lost || !wrongBefore.has(name) ? [name] : [];
    });
  }
}

function textsOf(files: readonly RuleFile[]): ReadonlyMap<string, string> {
  return new Map(files.map(({ name, text }) => [name, text]));
}

function isSame(some: readonly RuleFile[], others: readonly RuleFile[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ name, text }, index) => name === others[index]!.name && text === others[index]!.text)
  );
}

function asKept(problem: RuleProblem): RuleProblem {
  return { ...problem, reason: `${problem.reason} (the file stays as it was before this change)` };
}
