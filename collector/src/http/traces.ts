// Spans of answered requests for a collector of traces, by OTLP over HTTP with JSON (opentelemetry.io, OTLP 1.3): one span each, in
// the trace the caller began, with the correlation id that also stands in the log and the answer. Monitoring holds up nothing:
// what cannot be sent is counted and dropped.
import type { Logger } from 'pino';
import type { TraceContext } from './correlation.ts';

/** Spans that wait: some seconds of full load. */
const WAITING_MAX = 10_000;
/** Of one message; some 400 bytes each. */
const BATCH_MAX = 1_000;
const EVERY_MS = 1_000;
const SEND_MS_MAX = 5_000;
/** What the specification calls SPAN_KIND_SERVER, and STATUS_CODE_ERROR. */
const KIND_SERVER = 2;
const STATUS_ERROR = 2;

export interface AnsweredRequest {
  route: string;
  method: string;
  status: number;
  seconds: number;
  trace: TraceContext;
  correlationId: string;
}

export interface TraceExporterParts {
  /** Such as http://127.0.0.1:4318/v1/traces. */
  url: string;
  version: string;
  nowMs: () => number;
  log: Logger;
}

/** Form: #waiting in the order of answers, at most WAITING_MAX. */
export class TraceExporter implements AsyncDisposable {
  /** Spans that were given up. */
  dropped = 0;
  readonly #parts: TraceExporterParts;
  readonly #timer: NodeJS.Timeout;
  #waiting: object[] = [];
  #sending: Promise<void> | undefined;
  #failing = false;

  constructor(parts: TraceExporterParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#send(), EVERY_MS).unref();
  }

  add({ route, method, status, seconds, trace, correlationId }: AnsweredRequest): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.dropped++;
      return;
    }
    const endMs = this.#parts.nowMs();
    this.#waiting.push({
      traceId: trace.traceId,
      spanId: trace.spanId,
      ...(trace.parentSpanId !== undefined && { parentSpanId: trace.parentSpanId }),
      name: `${method} ${route}`,
      kind: KIND_SERVER,
      startTimeUnixNano: nanoseconds(endMs - seconds * 1000),
      endTimeUnixNano: nanoseconds(endMs),
      attributes: [
        text('http.request.method', method),
        text('http.route', route),
        { key: 'http.response.status_code', value: { intValue: String(status) } },
        text('threatguard.correlation_id', correlationId),
      ],
      status: status >= 500 ? { code: STATUS_ERROR } : {},
    });
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, BATCH_MAX);
      const problem = await this.#post(spans);
      if (problem === undefined) {
        if (this.#failing) this.#parts.log.info('traces are taken again');
        this.#failing = false;
        continue;
      }
      this.dropped += spans.length;
      if (!this.#failing) this.#parts.log.warn({ problem }, 'traces are not taken; they are dropped');
      this.#failing = true;
      return;
    }
  }

  /** Why they were not taken; undefined where they were. */
  async #post(spans: readonly object[]): Promise<string | undefined> {
    const { url, version } = this.#parts;
    const resource = { attributes: [text('service.name', 'threatguard-collector'), text('service.version', version)] };
    const scopeSpans = [{ scope: { name: 'threatguard.http', version }, spans }];
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
        signal: AbortSignal.timeout(SEND_MS_MAX),
        redirect: 'error',
      });
      await response.body?.cancel();
      return response.ok ? undefined : `answered with ${response.status}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Sends what waits, once. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    this.#send();
    await this.#sending;
  }
}

function text(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}

/** As decimal text: more than a number holds. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}
