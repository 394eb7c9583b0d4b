// A feed from its URL: HTTPS, or plain HTTP on this host or where the configuration says so; bounded in size, time and redirects.
import { FEED_BYTES_MAX } from './read-feed.ts';

export type FetchErrorCode = 'url' | 'status' | 'too_large' | 'timed_out' | 'network';

export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code: FetchErrorCode;

  constructor(code: FetchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For all of it, redirects included: feeds of many megabytes come over slow lines. */
const FETCH_MS_MAX = 120_000;
const REDIRECTS_MAX = 5;
const HEADER_CHARS_MAX = 512;

export interface FetchRequest {
  url: string;
  /** Of the last good answer; empty for none. */
  etag: string;
  lastModified: string;
  /** Plain HTTP is taken from anywhere. */
  insecure: boolean;
}

export interface FetchedFeed {
  bytes: Uint8Array;
  etag: string;
  lastModified: string;
}

/** Undefined where nothing has changed since. Throws FetchError; the abortion of whoever waits is thrown as it is. */
export async function fetchFeed(request: FetchRequest, signal: AbortSignal): Promise<FetchedFeed | undefined> {
  const limit = AbortSignal.timeout(FETCH_MS_MAX);
  const both = AbortSignal.any([signal, limit]);
  try {
    return await follow(request, both);
  } catch (error) {
    if (error instanceof FetchError) throw error;
    signal.throwIfAborted();
    if (limit.aborted) throw new FetchError('timed_out', `no whole answer within ${FETCH_MS_MAX / 1000} s`);
    const { cause, message } = error as Error;
    throw new FetchError('network', cause instanceof Error ? cause.message || message : message, { cause: error });
  }
}

async function follow(request: FetchRequest, signal: AbortSignal): Promise<FetchedFeed | undefined> {
  let url = checkedUrl(request.url, request.insecure);
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: headersOf(request) });
    if (response.status >= 300 && response.status < 400 && response.status !== 304) {
      await response.body?.cancel();
      if (redirects === REDIRECTS_MAX) throw new FetchError('status', `more than ${REDIRECTS_MAX} redirects`);
      url = checkedUrl(new URL(response.headers.get('location') ?? '', url).href, request.insecure);
      continue;
    }
    if (response.status === 304) return undefined;
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new FetchError('status', `${url.host} answers ${response.status} ${response.statusText}`.trim());
    }
    const header = (name: string) => (response.headers.get(name) ?? '').slice(0, HEADER_CHARS_MAX);
    return { bytes: await readBody(response), etag: header('etag'), lastModified: header('last-modified') };
  }
}

function headersOf({ etag, lastModified }: FetchRequest): Record<string, string> {
  return {
    'user-agent': 'threatguard-collector',
    accept: '*/*',
    ...(etag && { 'if-none-match': etag }),
    ...(lastModified && { 'if-modified-since': lastModified }),
  };
}

/** Where a feed may come from; every redirect is held against it as well. */
function checkedUrl(text: string, insecure: boolean): URL {
  if (!URL.canParse(text)) throw new FetchError('url', 'this is no URL');
  const url = new URL(text);
  const { protocol, hostname } = url;
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'https:' || (protocol === 'http:' && (isHere || insecure))) return url;
  throw new FetchError(
    'url',
    `${protocol}//${hostname} is not HTTPS: whoever is on the way could say what is bad and what is not`,
  );
}

async function readBody(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > FEED_BYTES_MAX) throw new FetchError('too_large', `larger than ${FEED_BYTES_MAX >> 20} MiB`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
