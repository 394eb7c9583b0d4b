import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Views one person keeps. */
const VIEWS_MAX = 100;

/** A view as it was left. */
export interface SavedView {
  view: string;
  arg: string;
  filter: string;
  sort: { column: string; descending: boolean } | undefined;
  wide: boolean;
}

/** Views saved by name, in `views.json`. A file that cannot be read is as none, and is not written over. */
export class SavedViews {
  readonly #path: string;
  readonly #views = new Map<string, SavedView>();
  #problem = '';

  constructor(directory: string) {
    this.#path = join(directory, 'views.json');
    try {
      const known: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      for (const [name, view] of Object.entries(known ?? {}).slice(0, VIEWS_MAX)) this.#views.set(name, readView(view));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#problem = `${this.#path}: ${(error as Error).message}`;
    }
  }

  names(): string[] {
    return [...this.#views.keys()];
  }

  find(name: string): SavedView | undefined {
    return this.#views.get(name);
  }

  /** Why it could not be saved; empty where it was. */
  save(name: string, view: SavedView): string {
    if (this.#problem) return this.#problem;
    if (this.#views.size >= VIEWS_MAX && !this.#views.has(name))
      return `at most ${VIEWS_MAX} views are kept in ${this.#path}`;
    this.#views.set(name, view);
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const next = `${this.#path}.new`;
      writeFileSync(next, `${JSON.stringify(Object.fromEntries(this.#views), null, 2)}\n`, { mode: 0o600 });
      renameSync(next, this.#path);
      return '';
    } catch (error) {
      return `not saved: ${(error as Error).message}`;
    }
  }
}

function readView(value: unknown): SavedView {
  const { view, arg, filter, sort, wide } = (value ?? {}) as Partial<Record<keyof SavedView, unknown>>;
  const text = (each: unknown) => (typeof each === 'string' ? each : '');
  const { column, descending } = (sort ?? {}) as { column?: unknown; descending?: unknown };
  return {
    view: text(view),
    arg: text(arg),
    filter: text(filter),
    sort: typeof column === 'string' ? { column, descending: descending === true } : undefined,
    wide: wide === true,
  };
}
