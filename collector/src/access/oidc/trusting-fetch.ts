// fetch for openid-client, over node:https: the CA of one provider is trusted for that provider and nowhere else in the process.
import { request } from 'node:https';
import type { CustomFetch } from 'openid-client';

/** A document of a provider and its keys are some KiB. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Trusts `ca` (PEM) and no other CA. Rejects as fetch does: TypeError with the fault of the connection as its cause. */
export function fetchTrusting(ca: string): CustomFetch {
  return (url, { method, headers, body, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const failed = (cause: Error) => reject(signal?.aborted ? signal.reason : new TypeError('fetch failed', { cause }));
    const text = body === undefined || body === null ? undefined : String(body);
    const asked = request(url, { method, headers, ca, agent: false, ...(signal && { signal }) }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) return void answer.destroy(new Error('the answer is too large'));
        chunks.push(chunk);
      });
      answer.on('error', failed);
      answer.on('end', () => {
        const { statusCode: status = 0 } = answer;
        const fields = Object.entries(answer.headersDistinct).flatMap(([name, values]) =>
          (values ?? []).map((value): [string, string] => [name, value]),
        );
        // What may have no body by RFC 9110 has none as a Response either.
        const whole = status === 204 || status === 304 ? null : Buffer.concat(chunks);
        resolve(new Response(whole, { status, headers: fields }));
      });
    });
    asked.on('error', failed);
    asked.end(text);
    return promise;
  };
}
