// What a webhook is sent, and what its answers mean. Pure.
//
// A receiver checks `threatguard-signature: v1=HEX`, HMAC-SHA256 with the shared secret over `TIMESTAMP.BODY`, TIMESTAMP being
// the header `threatguard-timestamp` in seconds, which it holds against its clock; and it forgets what it has seen by key.
import { createHash, createHmac } from 'node:crypto';
import type { ForwardRecord } from './target.ts';

/** Whatever a receiver asks, it is tried again after this. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** JSON: records that are JSON stand in it as such, CEF as text. */
export function webhookBody(target: { name: string; format: string }, records: readonly ForwardRecord[]): string {
  const items = records.map(({ key, kind, text }) => {
    const record = target.format === 'cef' ? JSON.stringify(text) : text;
    return `{"key":${JSON.stringify(key)},"kind":"${kind}","record":${record}}`;
  });
  const head = `"target":${JSON.stringify(target.name)},"format":${JSON.stringify(target.format)}`;
  return `{${head},"items":[${items.join(',')}]}`;
}

/** The same for the same records in the same order: a batch that comes again. */
export function idempotencyKey(records: readonly ForwardRecord[]): string {
  return createHash('sha256')
    .update(JSON.stringify(records.map(({ key }) => key)))
    .digest('hex');
}

export function webhookHeaders(parts: {
  body: string;
  secret: Uint8Array;
  nowMs: number;
  key: string;
  version: string;
}) {
  const timestamp = String(Math.floor(parts.nowMs / 1000));
  const signature = createHmac('sha256', parts.secret).update(`${timestamp}.${parts.body}`).digest('hex');
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(parts.body)),
    'user-agent': `threatguard-collector/${parts.version}`,
    'threatguard-timestamp': timestamp,
    'threatguard-signature': `v1=${signature}`,
    'idempotency-key': parts.key,
  };
}

/**
 * `refused`: the same bytes always will be. What waiting or an operator can change, such as a wrong secret or a missing path,
 * is `retry`, and so is a redirect, which is not followed.
 */
export function judgeAnswer(status: number): 'taken' | 'refused' | 'retry' {
  if (status >= 200 && status < 300) return 'taken';
  return [400, 413, 415, 422].includes(status) ? 'refused' : 'retry';
}

/** RFC 9110 10.2.3: seconds, or a date. Undefined for anything else. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const waitMs = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : /GMT$/.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}
