// What joins a request, its answer, its lines in the log and its trace: one id, taken from the caller where it is sound.
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const CORRELATION_HEADER = 'x-correlation-id';
/** It goes into logs and into headers as it is, so nothing else may stand in it. */
const CORRELATION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/;
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})$/;

export interface TraceContext {
  traceId: string;
  /** Of this request. */
  spanId: string;
  /** Of the caller; undefined where it began here. */
  parentSpanId: string | undefined;
  sampled: boolean;
}

/** Drawn ahead: a draw costs some microseconds however small it is, and each request needs three. These ids are no secrets. */
const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);
let taken = 0;

function randomHex(bytes: number): string {
  if (taken + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    taken = 0;
  }
  taken += bytes;
  return pool.toString('hex', taken - bytes, taken);
}

/** The trace a request belongs to: the caller's where `traceparent` is valid, else a new one. */
export function traceOf(headers: IncomingHttpHeaders): TraceContext {
  const spanId = randomHex(8);
  const given = parseTraceparent(headers.traceparent);
  if (given) return { ...given, spanId };
  return { traceId: randomHex(16), spanId, parentSpanId: undefined, sampled: false };
}

function parseTraceparent(header: string | string[] | undefined) {
  const found = typeof header === 'string' ? TRACEPARENT.exec(header)?.groups : undefined;
  if (!found || /^0+$/.test(found.trace!) || /^0+$/.test(found.span!)) return undefined;
  const sampled = (Number.parseInt(found.flags!, 16) & 1) === 1;
  return { traceId: found.trace!, parentSpanId: found.span!, sampled };
}

/** The caller's id where it is sound, else the trace's, else a new one. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers[CORRELATION_HEADER];
  if (typeof given === 'string' && CORRELATION_ID.test(given)) return given;
  return parseTraceparent(headers.traceparent)?.traceId ?? randomHex(16);
}

/** What the answer says of the trace (`traceresponse`, Trace Context level 2). */
export function traceResponse({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;
}
