import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { isPrivateAddress } from '../../collector/src/publish/forward/private-address.ts';
import type { WebhookSettings } from '../../collector/src/publish/forward/settings.ts';
import type { ForwardRecord } from '../../collector/src/publish/forward/target.ts';
import { judgeAnswer, retryAfterMs } from '../../collector/src/publish/forward/webhook-request.ts';
import { WebhookTarget } from '../../collector/src/publish/forward/webhook-target.ts';
import { WebhookReceiver } from '../support/forward-receivers.ts';
import { makeCertificates, type TestCertificates } from '../support/test-certificates.ts';

const SECRET = 'a secret of thirty-two characters';
const NOW_MS = Date.UTC(2026, 10, 21, 10, 0, 0);
const never = new AbortController().signal;
const record = (key: string, text = '{"a":1}'): ForwardRecord => ({ key, kind: 'alert', severity: 4, atUs: 1, text });

let certificates: TestCertificates;
let receiver: WebhookReceiver;
beforeAll(async () => {
  certificates = await makeCertificates();
  writeFileSync(join(certificates.directory, 'secret'), `${SECRET}\n`);
  writeFileSync(join(certificates.directory, 'short'), 'too short\n');
  receiver = await WebhookReceiver.start(certificates);
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

function target(change: Record<string, unknown> = {}): WebhookTarget {
  receiver.requests.length = 0;
  receiver.answer = () => ({ status: 204 });
  const webhook = {
    name: 'soar',
    kind: 'webhook',
    url: `https://127.0.0.1:${receiver.port}/hook`,
    secret_file: join(certificates.directory, 'secret'),
    tls: { ca_file: certificates.ca },
    allow_private: true,
    ...change,
  };
  const { forward } = readCollectorConfig({
    file: 'test',
    text: JSON.stringify({ forward: [webhook] }),
    environment: {},
  });
  return new WebhookTarget({ settings: forward[0] as WebhookSettings, version: '0.1.0', nowMs: () => NOW_MS });
}

describe('a webhook', () => {
  it('is sent a batch as JSON, signed with its time, with a key for each record and for the batch', async () => {
    await expect(target().deliver([record('a:1'), record('b:2')], never)).resolves.toEqual({ refused: 0 });
    const [{ headers, body, items } = {} as never] = receiver.requests;
    expect(JSON.parse(body)).toMatchObject({ target: 'soar', format: 'json' });
    expect(items).toEqual([
      { key: 'a:1', kind: 'alert', record: { a: 1 } },
      { key: 'b:2', kind: 'alert', record: { a: 1 } },
    ]);
    expect(headers['threatguard-timestamp']).toBe(String(NOW_MS / 1000));
    const signature = createHmac('sha256', SECRET)
      .update(`${NOW_MS / 1000}.${body}`)
      .digest('hex');
    expect(headers['threatguard-signature']).toBe(`v1=${signature}`);
    await target().deliver([record('a:1'), record('b:2')], never);
    expect(receiver.requests[0]!.headers['idempotency-key']).toBe(headers['idempotency-key']);
  });

  it('is sent CEF as text', async () => {
    await target({ format: 'cef' }).deliver([record('a:1', 'CEF:0|"|')], never);
    expect(receiver.requests[0]!.items[0]!.record).toBe('CEF:0|"|');
  });

  it('that refuses a batch is asked about each of it, and only what it refuses alone is refused', async () => {
    const own = target();
    receiver.answer = ({ items }) => ({ status: items.some(({ key }) => key === 'bad') ? 422 : 200 });
    await expect(own.deliver([record('a'), record('bad'), record('c')], never)).resolves.toEqual({ refused: 1 });
    expect(receiver.requests.map(({ items }) => items.map(({ key }) => key).join())).toEqual([
      'a,bad,c',
      'a',
      'bad',
      'c',
    ]);
  });

  it.each([
    [301, { location: 'https://127.0.0.1/elsewhere' }, /answers 301, a redirect, which is not followed/, undefined],
    [307, { location: '/elsewhere' }, /answers 307, a redirect/, undefined],
    [401, {}, /answers 401/, undefined],
    [404, {}, /answers 404/, undefined],
    [429, { 'retry-after': '120' }, /answers 429/, 120_000],
    [503, { 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT' }, /answers 503/, 30_000],
    [500, { 'retry-after': 'soon' }, /answers 500/, undefined],
  ])('that answers %i gets all of it again', async (status, headers, message, retryAfterMs) => {
    const own = target();
    receiver.answer = () => ({ status, headers: headers as Record<string, string> });
    const failed = await own.deliver([record('a')], never).catch((error) => error);
    expect(failed).toMatchObject({ code: 'answer', retryAfterMs });
    expect(failed.message).toMatch(message);
    expect(receiver.requests).toHaveLength(1);
  });

  it.each([
    ['is cut off', {}, 'unreachable', /socket hang up|ECONNRESET/],
    [
      'is a private address',
      { allow_private: false },
      'private_address',
      /127.0.0.1 is a private address; allow_private/,
    ],
    [
      'has a name that leads to one',
      { allow_private: false, url: 'https://localhost:1/' },
      'private_address',
      /localhost is (127\.0\.0\.1|::1), which is a private address/,
    ],
    ['is signed by somebody else', { tls: {} }, 'unreachable', /unable to verify|self-signed|issuer/],
    ['has no secret file', { secret_file: '/nowhere/secret' }, 'settings', /\/nowhere\/secret cannot be read/],
    ['is not there', { url: 'https://127.0.0.1:1/' }, 'unreachable', /ECONNREFUSED/],
  ])('that %s gets nothing', async (_, change, code, message) => {
    const own = target(change);
    receiver.answer = () => undefined;
    const failed = await own.deliver([record('a')], never).catch((error) => error);
    expect(failed).toMatchObject({ code });
    expect(failed.message).toMatch(message);
  });

  it('needs a secret that cannot be guessed', async () => {
    const own = target({ secret_file: join(certificates.directory, 'short') });
    await expect(own.deliver([record('a')], never)).rejects.toThrow(/fewer than 16 bytes/);
    expect(receiver.requests).toEqual([]);
  });
});

it('answers mean taken, refused for good, or again', () => {
  expect([200, 202, 204].map(judgeAnswer)).toEqual(['taken', 'taken', 'taken']);
  expect([400, 413, 415, 422].map(judgeAnswer)).toEqual(['refused', 'refused', 'refused', 'refused']);
  expect(new Set([100, 301, 302, 308, 401, 403, 404, 408, 429, 500, 503, 0].map(judgeAnswer))).toEqual(
    new Set(['retry']),
  );
});

it.each([
  ['0', 0],
  ['5', 5_000],
  ['999999999', 3_600_000],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
  ['GMT', undefined],
])('Retry-After "%s" is %s ms', (header, expected) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected);
});

it.each([
  ['10.1.2.3', true],
  ['172.31.255.255', true],
  ['172.32.0.1', false],
  ['169.254.169.254', true],
  ['100.100.0.1', true],
  ['8.8.8.8', false],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:8.8.8.8', false],
  ['64:ff9b::7f00:1', true],
  ['fd00::1', true],
  ['fe80::1', true],
  ['2a00:1450::1', false],
  ['not an address', true],
])('%s private: %s', (address, expected) => {
  expect(isPrivateAddress(address)).toBe(expected);
});

it.each([
  ['name: a, kind: syslog, address: "h"', /forward\.0\.address: write HOST:PORT/],
  ['name: a, kind: syslog, address: "h:1", facility: lokal0', /facility/],
  ['name: a, kind: syslog, address: "h:1", tls: {key_file: x}', /client certificate together/],
  ['name: a, kind: webhook, url: "http://h/", secret_file: x', /forward\.0\.url: write https/],
  ['name: a, kind: webhook, url: "https://u:p@h/", secret_file: x', /without a user and password/],
  ['name: a, kind: webhook, url: "https://h/"', /secret_file/],
  ['name: "a b", kind: syslog, address: "h:1"', /a name has up to 64/],
  ['name: a, kind: kafka, address: "h:1"', /kind/],
  ['name: a, kind: syslog, adress: "h:1"', /adress|address/],
  ['name: a, kind: syslog, address: "h:1", format: leef', /format/],
  ['name: a, kind: syslog, address: "h:1", what: []', /what/],
])('collector.yaml refuses a target with {%s}', (text, message) => {
  const read = () => readCollectorConfig({ file: 'c.yaml', text: `forward:\n  - {${text}}\n`, environment: {} });
  expect(read).toThrow(message);
});

it('collector.yaml refuses two targets of one name', () => {
  const one = '  - {name: a, kind: syslog, address: "h:1"}\n';
  expect(() => readCollectorConfig({ file: 'c', text: `forward:\n${one}${one}`, environment: {} })).toThrow(
    /same name/,
  );
});
