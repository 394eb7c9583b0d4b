// Cookies of pages, and pages.
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface Cookie {
  name: string;
  /** Without ";": ours are base64url. */
  value: string;
  /** 0 removes it. */
  seconds: number;
  /** For TLS alone. */
  secure: boolean;
  sameSite: 'Strict' | 'Lax';
}

/** Beside those that were set before. */
export function setCookie(reply: FastifyReply, { name, value, seconds, secure, sameSite }: Cookie): void {
  const attributes = [
    'Path=/',
    'HttpOnly',
    `SameSite=${sameSite}`,
    `Max-Age=${seconds}`,
    ...(secure ? ['Secure'] : []),
  ];
  reply.header('set-cookie', [`${name}=${value}`, ...attributes].join('; '));
}

/** '' where there is none. */
export function cookieOf({ headers }: FastifyRequest, name: string): string {
  const prefix = `${name}=`;
  const found = (headers.cookie ?? '').split('; ').find((each) => each.startsWith(prefix));
  return found?.slice(prefix.length) ?? '';
}

export function sendPage(reply: FastifyReply, text: string) {
  return reply.type('text/html; charset=utf-8').serializer(String).send(text);
}
