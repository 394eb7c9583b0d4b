import { HostEvent } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipEvent } from '../../agent/src/batch/clip.ts';
import { DnsmasqReader } from '../../agent/src/sensors/dns/dnsmasq.ts';
import { dnsEvent } from '../../agent/src/sensors/dns/query.ts';
import { readBindLine, UnboundReader } from '../../agent/src/sensors/dns/query-logs.ts';
import { parseResolvedResult } from '../../agent/src/sensors/dns/resolved.ts';
import { parseGroups, parseMounts, parseUsers } from '../../agent/src/sensors/host/host-lists.ts';
import { parseApkInstalled, parseDpkgStatus, parseRpmList } from '../../agent/src/sensors/host/package-lists.ts';
import { readFalcoLine } from '../../agent/src/sensors/import/falco.ts';
import type { Reading } from '../../agent/src/sensors/import/reading.ts';
import { readTetragonLine } from '../../agent/src/sensors/import/tetragon.ts';

const clock = { nowUs: Date.UTC(2026, 10, 21) * 1000, timeZone: 'UTC' };
const TIME = '2026-11-21T10:00:00.123456789Z';
const LINES = [
  'Nov 21 10:00:00 gw dnsmasq[7]: query[A] a.example from 192.0.2.1',
  'Nov 21 10:00:00 gw dnsmasq[7]: 7 192.0.2.1/53 query[A] a.example from 192.0.2.1',
  'Nov 21 10:00:00 gw dnsmasq[7]: reply a.example is 192.0.2.9',
  '[1795255200] unbound[7:0] info: 192.0.2.1 b.example. A IN NOERROR 0.034 0 59',
  'Nov 21 10:00:00 ns named[7]: client @0x7f3c 192.0.2.1#5 (c.example): view x: query: c.example IN A +E(0)K (192.0.2.53) [ECS 1.2.3.4/32/0]',
  '21-Nov-2026 10:00:00.123 queries: info: client 192.0.2.1#5 (c.example): query: c.example IN A + (192.0.2.53)',
  JSON.stringify({
    rule: 'r',
    time: TIME,
    output_fields: { 'evt.type': 'connect', 'fd.name': '10.0.0.1:1->10.0.0.2:2', 'proc.cmdline': 'a b' },
  }),
  JSON.stringify({ process_exec: { process: { pid: 1, binary: '/bin/x', arguments: '"a b" c' } }, time: TIME }),
];
const json = fc.constantFrom(
  null,
  '',
  0,
  -1,
  1.5,
  2 ** 60,
  '77',
  '-1',
  true,
  [],
  [1],
  {},
  { pid: 1 },
  'x'.repeat(5000),
  '\u0000',
  '/etc/x',
  'connect',
  '\ud800',
);
const name = fc.constantFrom(
  'process',
  'parent',
  'binary',
  'arguments',
  'args',
  'function_name',
  'sock_arg',
  'file_arg',
  'pid',
  'status',
  'signal',
  'evt.type',
  'fd.name',
  'n_drops',
  '__proto__',
  'constructor',
);
const few = { maxKeys: 3, noNullPrototype: true };
const inner = fc.dictionary(name, json, few);
const strange = fc.dictionary(name, fc.oneof(json, inner, fc.array(inner, { maxLength: 3 })), few);
const tetragon = fc
  .record({
    process_exec: fc.option(strange, { nil: undefined }),
    process_exit: fc.option(strange, { nil: undefined }),
    process_kprobe: fc.option(strange, { nil: undefined }),
    rate_limit_info: fc.option(json, { nil: undefined }),
    time: fc.oneof(fc.constant(TIME), json),
  })
  .map((value) => JSON.stringify(value));
const falco = fc
  .record({
    rule: fc.oneof(fc.string(), json),
    time: fc.oneof(fc.constant(TIME), json),
    source: json,
    output_fields: strange,
  })
  .map((value) => JSON.stringify(value));
const damaged = fc
  .tuple(
    fc.constantFrom(...LINES),
    fc.nat(200),
    fc.nat(40),
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...LINES)),
  )
  .map(([line, at, length, text]) => line.slice(0, at) + text + line.slice(at + length));

function check(reading: Reading): void {
  if (!('event' in reading)) return;
  const { event } = clipEvent(reading.event);
  expect(Number.isSafeInteger(event.observedAtUs)).toBe(true);
  expect(event.class).toBeGreaterThan(0);
  expect(HostEvent.decode(HostEvent.encode(event).finish()).sensor).toMatch(/^import\./);
}

/** Every parser over one line; new readers, so that each line stands alone. */
function readAll(line: string): void {
  check(readFalcoLine(line));
  check(readTetragonLine(line));
  const dnsmasq = new DnsmasqReader();
  const told = [...dnsmasq.read(line, clock, () => undefined).told, ...dnsmasq.expire()].map(({ query }) => query);
  for (const query of [...told, new UnboundReader().read(line, clock), readBindLine(line, clock)])
    if (query) HostEvent.encode(clipEvent(dnsEvent(query, 'dns', line)).event).finish();
}

describe('the parsers of other tools and of query logs', () => {
  it('never throw, and what they make can be sent', () => {
    const line = fc.oneof(damaged, tetragon, falco, fc.string({ unit: 'binary', maxLength: 500 }));
    fc.assert(fc.property(line, readAll), { numRuns: 6000, seed: 4 });
  });

  it('the monitor of resolved may send any JSON', () => {
    const record = fc.record({ key: json, address: json, name: json, items: json });
    const answer = fc.array(fc.record({ rr: fc.oneof(record, json) }));
    const question = fc.array(fc.record({ name: fc.oneof(fc.string(), json), type: fc.oneof(fc.nat(70_000), json) }));
    const result = fc.oneof(
      json,
      fc.record({ question: fc.oneof(question, json), answer: fc.oneof(answer, json), state: json }),
    );
    fc.assert(
      fc.property(result, (parameters) => {
        for (const query of parseResolvedResult(parameters, 1)) HostEvent.encode(dnsEvent(query, 'dns', '')).finish();
      }),
      { numRuns: 3000, seed: 4 },
    );
  });

  it('the lists of a host may hold anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        for (const parse of [parseUsers, parseGroups, parseMounts, parseDpkgStatus, parseApkInstalled, parseRpmList])
          for (const entry of parse(text)) expect(entry).toBeTypeOf('string');
      }),
      { numRuns: 1000, seed: 4 },
    );
  });

  it('need at most 10 ms for 64 KiB of any repeated piece of a line', () => {
    const slow: string[] = [];
    for (const line of LINES) {
      const pieces = new Set([
        line,
        ...line.split(/(?<=[ :"/,])/),
        'a',
        ' ',
        ' is ',
        '"',
        ' from ',
        '(',
        '1',
        '.',
        ':',
      ]);
      for (const piece of pieces)
        for (const at of [0, line.length >> 1, line.length - 1]) {
          const long = line.slice(0, at) + piece.repeat(Math.ceil(65_536 / piece.length)) + line.slice(at);
          for (const [parser, read] of Object.entries(PARSERS)) {
            let bestMs = Number.POSITIVE_INFINITY;
            for (let n = 0; n < 4 && bestMs > 10; n++)
              bestMs = Math.min(
                bestMs,
                timeOf(() => read(long)),
              );
            if (bestMs > 10) slow.push(`${parser} ${bestMs.toFixed(0)} ms at ${at}: ${piece.slice(0, 40)}`);
          }
        }
    }
    expect(slow).toEqual([]);
  });

  it('need at most 10 ms for 64 KiB of arguments in quotes, or of anything, inside sound JSON', () => {
    for (const piece of ['"', '" ', 'a ', ' ', '"a" ', '->', ':1', '::', '/'])
      for (const make of [
        (text: string) =>
          JSON.stringify({ process_exec: { process: { pid: 1, binary: '/x', arguments: text } }, time: TIME }),
        (text: string) =>
          JSON.stringify({ rule: 'r', time: TIME, output_fields: { 'fd.name': text, 'proc.cmdline': text } }),
      ]) {
        const line = make(piece.repeat(Math.ceil(60_000 / piece.length / 2)));
        let bestMs = Number.POSITIVE_INFINITY;
        for (let n = 0; n < 25 && bestMs > 10; n++)
          bestMs = Math.min(
            bestMs,
            timeOf(() => [readTetragonLine(line), readFalcoLine(line)]),
          );
        expect(bestMs, piece).toBeLessThanOrEqual(10);
      }
  });
});

const PARSERS: Record<string, (line: string) => void> = {
  falco: readFalcoLine,
  tetragon: readTetragonLine,
  dnsmasq: (line) => new DnsmasqReader().read(line, clock, () => undefined),
  unbound: (line) => new UnboundReader().read(line, clock),
  bind: (line) => readBindLine(line, clock),
};

/** CPU time of this thread: what else runs on the machine does not count. */
function timeOf(run: () => unknown): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
