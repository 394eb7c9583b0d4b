import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ConsoleError } from '../model/console-error.ts';

/** For the answer to begin; a feed of many megabytes may then take its time. */
const ANSWER_MS_MAX = 30_000;

export interface OpenFeed extends AsyncDisposable {
  /** Bytes in order. */
  parts: AsyncIterable<Uint8Array>;
}

/** A file, standard input, or what a URL answers. Throws ConsoleError. */
export async function openFeed(name: string, from: { stdin: Readable; signal: AbortSignal }): Promise<OpenFeed> {
  if (name === '-') return { parts: from.stdin, async [Symbol.asyncDispose]() {} };
  if (/^https?:\/\//i.test(name)) return fetchFeed(name, from.signal);
  try {
    const file = await open(name, 'r');
    if (!(await file.stat()).isDirectory()) {
      return { parts: file.createReadStream({ autoClose: false }), [Symbol.asyncDispose]: () => file.close() };
    }
    await file.close();
  } catch (error) {
    throw new ConsoleError('unreadable', `${name} cannot be read: ${(error as Error).message}`);
  }
  throw new ConsoleError('unreadable', `${name} is a directory; name a file in it`);
}

/** Over HTTPS, or from this host: whoever is on the way could say what is bad and what is not. */
async function fetchFeed(text: string, signal: AbortSignal): Promise<OpenFeed> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new ConsoleError('usage', `"${text}" is no URL`);
  if (!isTrusted(url))
    throw new ConsoleError('refused', `${text} is not HTTPS; fetch it yourself if you trust the way to it`);
  const begun = new AbortController();
  const timer = setTimeout(() => begun.abort(new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`)), ANSWER_MS_MAX);
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.any([signal, begun.signal]) });
  } catch (error) {
    const { cause, message } = error as Error;
    throw new ConsoleError(
      'failure',
      `${text} cannot be fetched: ${cause instanceof Error ? cause.message || message : message}`,
    );
  } finally {
    clearTimeout(timer);
  }
  const drop = async () => {
    if (!response.bodyUsed) await response.body?.cancel();
  };
  if (!response.ok || !response.body || !isTrusted(new URL(response.url))) {
    await drop();
    const why = response.ok
      ? `leads to ${response.url}, which is not HTTPS`
      : `answers ${response.status} ${response.statusText}`;
    throw new ConsoleError('failure', `${text} ${why}`);
  }
  return { parts: response.body, [Symbol.asyncDispose]: drop };
}

function isTrusted({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname));
}
