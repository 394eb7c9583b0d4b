import type { FastifyBaseLogger } from 'fastify';
import type { TraceContext } from './correlation.ts';

type Said = Parameters<FastifyBaseLogger['info']>;

/** What logs for one request. The logger beneath is made when there is something to log, which of most requests there is not. */
export class RequestLog {
  readonly context: TraceContext;
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: object;
  #child: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: object, context: TraceContext) {
    this.#parent = parent;
    this.#bindings = bindings;
    this.context = context;
  }

  get level(): string {
    return this.#parent.level;
  }

  fatal(...said: Said): void {
    this.#made().fatal(...said);
  }

  error(...said: Said): void {
    this.#made().error(...said);
  }

  warn(...said: Said): void {
    this.#made().warn(...said);
  }

  info(...said: Said): void {
    this.#made().info(...said);
  }

  debug(...said: Said): void {
    this.#made().debug(...said);
  }

  trace(...said: Said): void {
    this.#made().trace(...said);
  }

  silent(...said: Said): void {
    this.#made().silent(...said);
  }

  child(...asked: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#made().child(...asked);
  }

  #made(): FastifyBaseLogger {
    const { traceId, spanId, parentSpanId } = this.context;
    const ids = { trace_id: traceId, span_id: spanId, parent_span_id: parentSpanId };
    this.#child ??= this.#parent.child({ ...this.#bindings, ...ids });
    return this.#child;
  }
}
