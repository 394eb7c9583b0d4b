import { Outcome } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { DnsmasqReader } from '../../agent/src/sensors/dns/dnsmasq.ts';
import { readBindLine, UnboundReader } from '../../agent/src/sensors/dns/query-logs.ts';
import { parseResolvedResult } from '../../agent/src/sensors/dns/resolved.ts';

const clock = { nowUs: Date.UTC(2026, 10, 21, 12) * 1000, timeZone: 'UTC' };
const AT_US = Date.UTC(2026, 10, 21, 10) * 1000;

describe('dnsmasq', () => {
  const ask = (...said: string[]) => {
    const reader = new DnsmasqReader();
    const done: number[] = [];
    const told = said.flatMap((text, n) => {
      const line = `Nov 21 10:00:00 gw dnsmasq[7]: ${text}`;
      return reader.read(line, clock, () => done.push(n)).told;
    });
    return { told: [...told, ...reader.expire()].map(({ query }) => query), done };
  };

  it('a question is told once, with the answers that follow for its name and for its aliases', () => {
    const { told, done } = ask(
      'query[A] www.example.net from 192.0.2.7',
      'forwarded www.example.net to 9.9.9.9',
      'query[AAAA] other.example from 192.0.2.8',
      'reply www.example.net is <CNAME>',
      'reply cdn.example.net is 198.51.100.1',
      'reply cdn.example.net is 198.51.100.2',
      'cached other.example is NXDOMAIN',
    );
    expect(told).toEqual([
      {
        atUs: AT_US,
        name: 'www.example.net',
        type: 'A',
        client: '192.0.2.7',
        answers: ['198.51.100.1', '198.51.100.2'],
        outcome: Outcome.SUCCESS,
      },
      { atUs: AT_US, name: 'other.example', type: 'AAAA', client: '192.0.2.8', answers: [], outcome: Outcome.FAILURE },
    ]);
    // The lines of questions become durable with their events, not sooner.
    expect(done).toEqual([1, 3, 4, 5, 6]);
  });

  it('with log-queries=extra joins by number, whatever the names are, and says the port', () => {
    const { told } = ask(
      '7 192.0.2.7/5353 query[TXT] a.example from 192.0.2.7',
      '8 192.0.2.8/5354 query[type=65] a.example from 192.0.2.8',
      '8 192.0.2.8/5354 reply a.example is NODATA',
      '7 192.0.2.7/5353 reply a.example is v=spf1 is -all',
    );
    expect(told).toMatchObject([
      { type: 'TXT', clientPort: 5353, answers: ['v=spf1 is -all'] },
      { type: 'HTTPS', clientPort: 5354, answers: [], outcome: Outcome.SUCCESS },
    ]);
  });

  it('a name that looks like the rest of a line forges no client', () => {
    const { told } = ask('query[A] x from 10.9.9.9 from 192.0.2.7');
    expect(told).toMatchObject([{ name: 'x from 10.9.9.9', client: '192.0.2.7' }]);
  });

  it('a name that looks like an answer gives none to the question of somebody else', () => {
    const { told } = ask(
      'query[A] bank.example from 192.0.2.7',
      'query[A] bank.example is 198.51.100.66 from 192.0.2.8',
      'reply bank.example is 198.51.100.66 is NXDOMAIN',
      'reply bank.example is 198.51.100.1',
    );
    expect(told.map(({ answers }) => answers)).toEqual([['198.51.100.1'], []]);
  });

  it('questions without an answer do not heap up', () => {
    const { told } = ask(...Array.from({ length: 5000 }, (_, n) => `query[A] n${n}.example from 192.0.2.7`));
    expect(told.map(({ name }) => name)).toEqual(Array.from({ length: 5000 }, (_, n) => `n${n}.example`));
  });
});

describe('unbound', () => {
  it.each([
    [
      '[1795255200] unbound[7:0] info: 127.0.0.1 example.net. A IN',
      { name: 'example.net', type: 'A', client: '127.0.0.1' },
    ],
    [
      '[1795255200.5] unbound[7:1] query: ::1 example.net. TYPE65 IN',
      { type: 'HTTPS', client: '::1', atUs: 1795255200.5e6 },
    ],
    ['Nov 21 10:00:00 gw unbound[7]: [7:0] info: 127.0.0.1 . NS IN', { name: '.', type: 'NS', atUs: AT_US }],
    ['[1795255200] unbound[7:0] reply: 127.0.0.1 x. A IN NXDOMAIN 0.034 0 59', { outcome: Outcome.FAILURE }],
  ])('%s', (line, expected) => {
    expect(new UnboundReader().read(line, clock)).toMatchObject(expected);
  });

  it('tells a query that is logged with its reply once', () => {
    const reader = new UnboundReader();
    const asked = '[1795255200] unbound[7:0] info: 127.0.0.1 x.example. A IN';
    const told = { name: 'x.example', type: 'A', client: '127.0.0.1' };
    expect(reader.read(asked, clock)).toMatchObject(told);
    expect(reader.read(`${asked} NOERROR 0.034 0 59`, clock)).toBeNull();
    expect(reader.read(`${asked} NOERROR 0.000 1 59`, clock), 'from the cache: no query was logged').toMatchObject(
      told,
    );
  });

  it('says nothing of other lines', () => {
    const reader = new UnboundReader();
    expect(reader.read('[1795255200] unbound[7:0] info: start of service (unbound 1.17.1).', clock)).toBeNull();
    expect(reader.read('what is this', clock)).toBeUndefined();
  });
});

describe('BIND', () => {
  const said = 'client @0x7f3c 192.0.2.1#53211 (example.net): query: example.net IN AAAA +E(0)K (192.0.2.53)';
  it.each([
    [`21-Nov-2026 10:00:00.123 ${said}`, { atUs: AT_US + 123_000 }],
    [`21-Nov-2026 10:00:00.000 queries: info: ${said}`, { atUs: AT_US }],
    [`2026-11-21T10:00:00.123Z ${said}`, { atUs: AT_US + 123_000 }],
    [`Nov 21 10:00:00 ns named[7]: ${said}`, { atUs: AT_US }],
    [`Nov 21 10:00:00 ns named[7]: ${said.replace('query:', 'view inside: query:')}`, {}],
  ])('%s', (line, expected) => {
    const query = { name: 'example.net', type: 'AAAA', client: '192.0.2.1', clientPort: 53211, ...expected };
    expect(readBindLine(line, clock)).toMatchObject(query);
  });

  it('a name that holds the words of a line is a name', () => {
    const name = '192.0.2.99#1(x):query:y';
    const line = `Nov 21 10:00:00 ns named[7]: client 192.0.2.1#5 (${name}): query: ${name} IN A + (192.0.2.53)`;
    expect(readBindLine(line, clock)).toMatchObject({ name, client: '192.0.2.1' });
  });
});

describe('systemd-resolved', () => {
  const rr = (type: number, fields: object) => ({ rr: { key: { class: 1, type, name: 'example.net' }, ...fields } });
  it('a result is one query for each question, with the records of its type', () => {
    const result = {
      state: 'success',
      question: [
        { class: 1, type: 1, name: 'example.net' },
        { class: 1, type: 28, name: 'example.net' },
      ],
      answer: [
        rr(1, { address: [192, 0, 2, 7] }),
        rr(28, { address: [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] }),
        rr(5, { name: 'cdn.example.' }),
      ],
    };
    expect(parseResolvedResult(result, AT_US)).toEqual([
      { atUs: AT_US, name: 'example.net', type: 'A', answers: ['192.0.2.7', 'cdn.example'], outcome: Outcome.SUCCESS },
      {
        atUs: AT_US,
        name: 'example.net',
        type: 'AAAA',
        answers: ['2001:db8::1', 'cdn.example'],
        outcome: Outcome.SUCCESS,
      },
    ]);
  });

  it.each([[{ ready: true }], [null], [{ question: [1, { name: 1, type: 'A' }], answer: 5 }], [{ question: {} }]])(
    'of %o is no query',
    (parameters) => {
      expect(parseResolvedResult(parameters, AT_US)).toEqual([]);
    },
  );

  it('one that failed is a failure', () => {
    const failed = { state: 'rcode-failure', rcode: 3, question: [{ class: 1, type: 16, name: 'x.' }] };
    expect(parseResolvedResult(failed, AT_US)).toMatchObject([{ name: 'x', type: 'TXT', outcome: Outcome.FAILURE }]);
  });
});
