// A process of a bench that is told what to do: orders over IPC, one answer each. It ends when the bench does.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { endChild } from '../support/child-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: each order has its own argument and answer, as JSON takes them
export type Orders = Record<string, (argument: any) => Promise<any>>;

interface Question {
  id: number;
  order: string;
  argument: unknown;
}

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

export class BenchChild<O extends Orders> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #asked = 0;

  /** Starts a file of this folder. */
  constructor(file: string) {
    this.#child = fork(join(import.meta.dirname, file), { execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.#child.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error));
      else waiting?.resolve(result as never);
    });
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended with ${code ?? signal}`));
      this.#waiting.clear();
    });
  }

  /** Rejects where the order fails, and where the process ends first. */
  ask<K extends keyof O & string>(order: K, argument: Parameters<O[K]>[0]): ReturnType<O[K]> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, order, argument } satisfies Question, (error) => {
        if (error) reject(error);
      });
    }) as ReturnType<O[K]>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.#child, 'SIGTERM');
  }
}

/** The other side: answers orders until the bench is gone. */
export function serveOrders(orders: Orders): void {
  process.on('message', async ({ id, order, argument }: Question) => {
    let answer: Answer;
    try {
      answer = { id, result: await orders[order]!(argument) };
    } catch (error) {
      answer = { id, error: (error as Error).message };
    }
    if (process.connected) process.send!(answer);
  });
  process.on('disconnect', () => process.exit());
  // Ctrl-C in a terminal reaches everyone; the bench alone decides the order in which things end.
  process.on('SIGINT', () => undefined);
}
