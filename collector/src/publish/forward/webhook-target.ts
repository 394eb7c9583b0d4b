import { request } from 'node:https';
import { publicLookup, refusePrivateHost } from './private-address.ts';
import { serverNameOf, type WebhookSettings } from './settings.ts';
import { DeliveryError, type ForwardRecord, type ForwardTarget } from './target.ts';
import { readNamed, readTlsFiles } from './tls-files.ts';
import { idempotencyKey, judgeAnswer, retryAfterMs, webhookBody, webhookHeaders } from './webhook-request.ts';

/** From the first byte to the last of the answer. */
const ANSWER_MS_MAX = 30_000;
/** An answer is a status to us; what it says beyond is read no further than this. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** A shorter secret can be guessed from one signed body. */
const SECRET_BYTES_MIN = 16;
const RECORDS_MAX = 100;
const BYTES_MAX = 1024 * 1024;

interface Answer {
  status: number;
  retryAfter: string | undefined;
}

/** JSON by HTTPS POST, signed with a shared secret. */
export class WebhookTarget implements ForwardTarget {
  readonly recordsMax = RECORDS_MAX;
  readonly bytesMax = BYTES_MAX;
  readonly #settings: WebhookSettings;
  readonly #version: string;
  readonly #nowMs: () => number;

  constructor(parts: { settings: WebhookSettings; version: string; nowMs: () => number }) {
    this.#settings = parts.settings;
    this.#version = parts.version;
    this.#nowMs = parts.nowMs;
  }

  async deliver(records: readonly ForwardRecord[], signal: AbortSignal): Promise<{ refused: number }> {
    const taken = await this.#post(records, signal);
    if (taken) return { refused: 0 };
    if (records.length === 1) return { refused: 1 };
    // One that it will not take must not keep the others.
    let refused = 0;
    for (const record of records) if (!(await this.#post([record], signal))) refused++;
    return { refused };
  }

  /** False where it refuses these bytes for good. */
  async #post(records: readonly ForwardRecord[], signal: AbortSignal): Promise<boolean> {
    const body = webhookBody(this.#settings, records);
    const headers = webhookHeaders({
      body,
      secret: await this.#secret(),
      nowMs: this.#nowMs(),
      key: idempotencyKey(records),
      version: this.#version,
    });
    const { status, retryAfter } = await this.#send(body, headers, signal);
    const verdict = judgeAnswer(status);
    if (verdict !== 'retry') return verdict === 'taken';
    const redirected = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
    const wait = retryAfterMs(retryAfter, this.#nowMs());
    throw new DeliveryError(
      'answer',
      `answers ${status}${redirected}`,
      wait === undefined ? {} : { retryAfterMs: wait },
    );
  }

  async #secret(): Promise<Buffer> {
    const { secret_file } = this.#settings;
    const text = (await readNamed(secret_file))!.toString('utf8').trim();
    const secret = Buffer.from(text);
    if (secret.length >= SECRET_BYTES_MIN) return secret;
    throw new DeliveryError('settings', `${secret_file} holds fewer than ${SECRET_BYTES_MIN} bytes`);
  }

  async #send(body: string, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
    const { url, tls, allow_private } = this.#settings;
    const { hostname } = new URL(url);
    if (!allow_private) refusePrivateHost(hostname);
    const files = await readTlsFiles(tls);
    const servername = serverNameOf(hostname.replace(/^\[|\]$/g, ''), tls);
    const limit = AbortSignal.timeout(ANSWER_MS_MAX);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const options = {
      ...files,
      method: 'POST',
      headers,
      agent: false as const,
      signal: AbortSignal.any([signal, limit]),
      ...(servername && { servername }),
      ...(!allow_private && { lookup: publicLookup }),
    };
    const outgoing = request(url, options, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const done = () => resolve({ status, retryAfter: headers['retry-after'] });
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= ANSWER_BYTES_MAX) return;
        done();
        outgoing.destroy();
      });
      answer.on('end', done);
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise.catch((cause: NodeJS.ErrnoException) => {
      signal.throwIfAborted();
      if (cause instanceof DeliveryError) throw cause;
      if (limit.aborted) throw new DeliveryError('timed_out', `no answer within ${ANSWER_MS_MAX / 1000} s`, { cause });
      throw new DeliveryError('unreachable', cause.message || cause.code || 'unreachable', { cause });
    });
  }
}
