// Asking the HTTP service of a collector as its clients do.
import { request as rawRequest } from 'node:http';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers; tests say what they expect of it
  body: any;
}

/** JSON is read, other text is text. */
export async function ask(url: string, init: RequestInit & { json?: unknown; token?: string } = {}): Promise<Answer> {
  const { json, token, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (json !== undefined) headers.set('content-type', 'application/json');
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const body = json === undefined ? rest.body : JSON.stringify(json);
  const method = rest.method ?? (json === undefined ? 'GET' : 'POST');
  const response = await fetch(url, { ...rest, method, headers, body });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
}

/** With any header fetch would set itself, such as Host. */
export function askRaw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = rawRequest(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    request.once('error', reject);
    request.end();
  });
}
