// What a bench started and must end, whatever happens to the bench: a failure, Ctrl-C, SIGTERM.
import { setTimeout } from 'node:timers/promises';

/** How long the work that was interrupted may take to notice that everything under it is gone. */
const UNWIND_MS_MAX = 10_000;

/** Everything held here is disposed of with it, last first. Safe twice; what is handed over too late is ended at once. */
export class Scope implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  #ending: Promise<void> | undefined;

  async hold<T extends AsyncDisposable>(making: T | Promise<T>): Promise<T> {
    const resource = await making;
    if (this.#ending) {
      await resource[Symbol.asyncDispose]();
      throw new Error('the bench was stopped');
    }
    return this.#stack.use(resource);
  }

  defer(act: () => void | Promise<void>): void {
    this.#stack.defer(act);
  }

  /** A part that ends earlier, and with this at the latest. */
  async part(): Promise<Scope> {
    return await this.hold(new Scope());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#stack.disposeAsync();
    return this.#ending;
  }
}

/** Runs a bench to its end: exit code 0, 1 with a sentence where it failed, 130 where it was interrupted. */
export async function runBench(name: string, work: (scope: Scope) => Promise<void>): Promise<never> {
  const scope = new Scope();
  let interrupted = false;
  const working = Promise.withResolvers<void>();
  const interrupt = async (exitCode: number) => {
    if (interrupted) return;
    interrupted = true;
    console.error(`${name}: stopping what it started`);
    await scope[Symbol.asyncDispose]();
    await Promise.race([working.promise, setTimeout(UNWIND_MS_MAX)]);
    process.exit(exitCode);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void interrupt(130));
  process.on('uncaughtException', (error) => {
    console.error(error);
    void interrupt(1);
  });
  let code = 0;
  try {
    await work(scope);
  } catch (error) {
    code = 1;
    if (!interrupted) console.error(`${name}: ${(error as Error).message}`);
  }
  await scope[Symbol.asyncDispose]();
  working.resolve();
  // The signal handler says how it ends.
  if (interrupted) await setTimeout(UNWIND_MS_MAX);
  process.exit(code);
}
