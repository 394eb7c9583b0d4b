// A feed is fetched from where it may be, whole, and no longer and no larger than a feed is.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nextAtUs } from '../../collector/src/detect/intel/feed-schedule.ts';
import { fetchFeed } from '../../collector/src/detect/intel/fetch-feed.ts';
import type { IntelSource } from '../../collector/src/detect/intel/intel-records.ts';
import { FEED_BYTES_MAX } from '../../collector/src/detect/intel/read-feed.ts';

let server: Server;
const routes: Record<string, RequestListener> = {
  '/good': (request, response) => {
    if (request.headers['if-none-match'] === '"7"') response.writeHead(304).end();
    else
      response.writeHead(200, { etag: '"7"', 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' }).end('203.0.113.7\n');
  },
  '/moved': (_, response) => response.writeHead(302, { location: '/good' }).end(),
  '/away': (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/list' }).end(),
  '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/round': (_, response) => response.writeHead(302, { location: '/round' }).end(),
  '/broken': (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('203.0.113.7\n');
    setImmediate(() => response.destroy());
  },
  '/endless': (_, response) => {
    const part = Buffer.alloc(1024 * 1024, '#');
    const write = () => {
      while (!response.destroyed && response.write(part));
    };
    response.on('drain', write);
    write();
  },
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const route = routes[request.url ?? ''];
    if (route) route(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(() => server.close());

const fetched = (path: string, etag = '') => {
  const url = path.includes(':') ? path : `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return fetchFeed({ url, etag, lastModified: '', insecure: false }, new AbortController().signal);
};

it('gives the bytes with what tells it from the next one, follows redirects, and nothing where nothing has changed', async () => {
  const first = await fetched('/moved');
  expect(Buffer.from(first!.bytes).toString()).toBe('203.0.113.7\n');
  expect(first).toMatchObject({ etag: '"7"', lastModified: 'Sat, 21 Nov 2026 10:00:00 GMT' });
  expect(await fetched('/good', '"7"')).toBeUndefined();
});

it.each([
  ['http://192.0.2.1/list', 'url', /not HTTPS/],
  ['file:///etc/passwd', 'url', /not HTTPS/],
  ['/away', 'url', /not HTTPS/],
  ['/file', 'url', /not HTTPS/],
  ['/round', 'status', /more than 5 redirects/],
  ['/nowhere', 'status', /answers 404/],
  ['/broken', 'network', /./],
  ['/endless', 'too_large', new RegExp(`larger than ${FEED_BYTES_MAX >> 20} MiB`)],
  ['http://127.0.0.1:9/closed', 'network', /./],
])('%s is refused: %s', async (path, code, message) => {
  await expect(fetched(path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

it('what fails is asked again after a growing pause, never later than it would be anyway', () => {
  const source = { checkedAtUs: 0, everySeconds: 3_600, failures: 0 } as IntelSource;
  const pauses = [0, 1, 2, 3, 6, 7, 1_000].map((failures) => nextAtUs({ ...source, failures }) / 1e6);
  expect(pauses).toEqual([3_600, 60, 120, 240, 1_920, 3_600, 3_600]);
});
