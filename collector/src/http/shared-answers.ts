// The same question asked by many at once: pollers and dashboards all want the newest alerts, and the store answers one after
// the other. An answer is of the store as it was after it was asked for: who comes while one is looked for shares the next.
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { toReadError } from '../store/database.ts';

interface Asking<Answer> {
  answer: Promise<Answer>;
  begun: boolean;
  /** Who still waits for it; with the last of them it ends. */
  askers: number;
  ended: AbortController;
}

/** Form: for each question at most one asking that has begun and one that waits for its end; none that is over. */
export class SharedAnswers<Answer> {
  readonly #newest = new Map<string, Asking<Answer>>();

  /**
   * The answer to `key`, which `look` finds: its signal fires when nobody waits for it any more. Throws what `look` throws, and
   * StoreError `cancelled` or `timed_out` where `due` fires first.
   */
  async ask(key: string, due: AbortSignal, look: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const known = this.#newest.get(key);
    const joinable = known && !known.begun && !known.ended.signal.aborted;
    const asking = joinable ? known : this.#begin(key, known, look);
    asking.askers++;
    const { promise: gone, reject } = Promise.withResolvers<never>();
    const leave = () => reject(toReadError(due.reason, 'the store', due));
    if (due.aborted) leave();
    else due.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([asking.answer, gone]);
    } finally {
      due.removeEventListener('abort', leave);
      asking.askers--;
      if (asking.askers === 0) asking.ended.abort();
    }
  }

  #begin(key: string, before: Asking<Answer> | undefined, look: (signal: AbortSignal) => Promise<Answer>) {
    const ended = new AbortController();
    const asking: Asking<Answer> = { answer: undefined as never, begun: false, askers: 0, ended };
    this.#newest.set(key, asking);
    asking.answer = this.#look(asking, before, look).finally(() => {
      if (this.#newest.get(key) === asking) this.#newest.delete(key);
    });
    // Those who waited for it may all have left.
    asking.answer.catch(() => undefined);
    return asking;
  }

  async #look(
    asking: Asking<Answer>,
    before: Asking<Answer> | undefined,
    look: (signal: AbortSignal) => Promise<Answer>,
  ) {
    // Whoever asked before is told how that ended.
    await before?.answer.catch(() => undefined);
    asking.begun = true;
    return look(asking.ended.signal);
  }
}

/** Checks and writes an answer by its schema, one that several share only once. */
export function writeSharedOnce(route: { schema: unknown; method: string; url: string }): (answer: unknown) => string {
  const write = serializerCompiler({ ...route, schema: route.schema as z.ZodType });
  const written = new WeakMap<object, string>();
  return (answer) => {
    const known = written.get(answer as object);
    if (known !== undefined) return known;
    const text = write(answer);
    written.set(answer as object, text);
    return text;
  };
}
