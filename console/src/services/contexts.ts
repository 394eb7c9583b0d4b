// Collectors this console knows by name, in `contexts.json`: { "current": NAME, "homes": { NAME: DIRECTORY } }. A context is a
// home; `local`, the deployment of `threatguard up` on this host, is always there and stands in no file.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { suggest } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';

export const LOCAL_CONTEXT = 'local';
/** Nobody chooses from more. */
const CONTEXTS_MAX = 100;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

export interface Context {
  name: string;
  home: string;
}

interface Kept {
  current: string;
  homes: Record<string, string>;
}

/** The contexts of one person. Throws ConsoleError `failure` for a file that is not one of ours, which is never written over. */
export class Contexts {
  readonly #path: string;
  readonly #localHome: string;

  constructor(options: { configDirectory: string; localHome: string }) {
    this.#path = join(options.configDirectory, 'contexts.json');
    this.#localHome = resolve(options.localHome);
  }

  /** What `context use` chose. */
  current(): Context {
    const { current } = this.#read();
    return this.find(current);
  }

  /** In order of their names, `local` first. */
  list(): Context[] {
    const { homes } = this.#read();
    const named = Object.keys(homes).sort();
    return [this.#local(), ...named.map((name) => ({ name, home: homes[name]! }))];
  }

  /** Throws `usage` for one there is not, with the nearest that is. */
  find(name: string): Context {
    const all = this.list();
    const found = all.find((context) => context.name === name);
    if (found) return found;
    const names = all.map((context) => context.name);
    throw new ConsoleError('usage', `there is no context "${name}"${suggest(name, names)}`);
  }

  add(context: Context): void {
    const kept = this.#read();
    refuseName(context.name, kept);
    this.#write({ ...kept, homes: { ...kept.homes, [context.name]: resolve(context.home) } });
  }

  /** Throws where `add` would refuse the name. */
  mayAdd(name: string): void {
    refuseName(name, this.#read());
  }

  use(name: string): Context {
    const context = this.find(name);
    this.#write({ ...this.#read(), current: context.name });
    return context;
  }

  /** The current one being removed, `local` is the current one. */
  remove(name: string): Context {
    if (name === LOCAL_CONTEXT) throw new ConsoleError('usage', 'the context "local" is always there');
    const context = this.find(name);
    const { current, homes } = this.#read();
    const { [name]: _, ...left } = homes;
    this.#write({ current: current === name ? LOCAL_CONTEXT : current, homes: left });
    return context;
  }

  #local(): Context {
    return { name: LOCAL_CONTEXT, home: this.#localHome };
  }

  #read(): Kept {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: LOCAL_CONTEXT, homes: {} };
      throw new ConsoleError('failure', `${this.#path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
    return readKept(text, this.#path);
  }

  #write(kept: Kept): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const next = `${this.#path}.new`;
    writeFileSync(next, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    renameSync(next, this.#path);
  }
}

function refuseName(name: string, { homes }: Kept): void {
  if (!NAME.test(name)) {
    throw new ConsoleError('usage', `"${name}" is no name of a context: letters, digits, ".", "_" and "-", at most 63`);
  }
  if (name === LOCAL_CONTEXT || Object.hasOwn(homes, name)) {
    throw new ConsoleError(
      'failure',
      `there is a context "${name}" already; "threatguard context remove" takes it away`,
    );
  }
  if (Object.keys(homes).length >= CONTEXTS_MAX) throw new ConsoleError('failure', `at most ${CONTEXTS_MAX} contexts`);
}

function readKept(text: string, path: string): Kept {
  try {
    const { current, homes } = JSON.parse(text) as { current?: unknown; homes?: Record<string, unknown> };
    const entries = Object.entries(homes ?? {});
    const fine = entries.every(([name, home]) => NAME.test(name) && typeof home === 'string' && home.startsWith('/'));
    if (typeof current === 'string' && fine) return { current, homes: Object.fromEntries(entries) as Kept['homes'] };
  } catch (cause) {
    throw new ConsoleError('failure', `${path} is not JSON; mend it or take it away`, { cause });
  }
  throw new ConsoleError(
    'failure',
    `${path} must be {"current": NAME, "homes": {NAME: DIRECTORY}}; mend it or take it away`,
  );
}
