import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJournalEntry } from '../../agent/src/sensors/auth/journal-entry.ts';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';
import { readFalcoLine } from '../../agent/src/sensors/import/falco.ts';
import { HOSTILE_PIECES, REFUSED_LINES } from '../support/hostile-names.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/auth');
const clock = { nowUs: Date.UTC(2026, 10, 21) * 1000, timeZone: 'UTC' };
const samples = readdirSync(FIXTURES)
  .flatMap((name) => readFileSync(join(FIXTURES, name), 'utf8').split('\n'))
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => (/^(?:<|\d|\[|\{|[A-Z][a-z]{2} )/.test(line) ? line : `Nov 21 10:00:00 host ${line}`));
const parser = new AuthParser('auth.file');

/** A real line with a piece cut out, doubled, or strange text put in. */
const damaged = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.nat(400),
    fc.nat(40),
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...samples)),
  )
  .map(([line, at, length, text]) => line.slice(0, at) + text + line.slice(at + length));

describe('the log line parser', () => {
  it('never throws, and an event it makes has a time, a class and the line', () => {
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: 'binary', maxLength: 500 })), (line) => {
        const { event, known } = parser.parse(line, clock);
        if (!event) return;
        expect(known).toBe(true);
        expect(Number.isSafeInteger(event.observedAtUs)).toBe(true);
        expect(event.class).toBeGreaterThan(0);
        if (!line.startsWith('{')) expect(event.original).toBe(line);
      }),
      { numRuns: 5000, seed: 2 },
    );
  });

  it('reads address and port of a failed password from the end, whatever the name', () => {
    const name = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.constantFrom(
        'x from 198.51.100.9 port 1 ssh2',
        'root from ::1 port 9 ssh2: RSA SHA256:a',
        ' ',
        'invalid user root',
        '[preauth]',
      ),
    );
    fc.assert(
      fc.property(name, fc.ipV4(), fc.integer({ min: 1, max: 65535 }), (user, address, port) => {
        const said = `Failed password for invalid user ${user} from ${address} port ${port} ssh2`;
        const { event } = parser.parse(`Nov 21 10:00:00 host sshd[7]: ${said}`, clock);
        expect(event?.outcome).toBe(2);
        expect(event?.user?.name).toBe(user);
        expect(event?.authentication).toMatchObject({ sourceAddress: address, sourcePort: port, invalidUser: true });
      }),
      { numRuns: 3000, seed: 2 },
    );
  });

  it('needs time linear in the line: 64 KiB of any repeated piece of a real line', () => {
    const slow: string[] = [];
    for (const sample of samples) {
      const head = /^.*?: /.exec(sample)?.[0] ?? '';
      const pieces = [
        sample.slice(head.length),
        ...sample.slice(head.length).split(/(?<= )/),
        ' from 1.1.1.1 port 1 ssh2',
        ' ; PWD=/ ; USER=root',
        ' ',
      ];
      for (const piece of new Set(pieces)) {
        if (!piece) continue;
        const line = head + sample.slice(head.length) + piece.repeat(Math.ceil(65_536 / piece.length));
        const bestMs = Math.min(...[0, 1, 2].map(() => timeOf(() => parser.parse(line, clock))));
        if (bestMs > 10) slow.push(`${bestMs.toFixed(0)} ms: ${head}... ${piece.slice(0, 60)}`);
      }
    }
    expect(slow).toEqual([]);
  });
});

it('needs time linear in the head of a line too: 64 KiB of any piece of one, and of a journal entry', () => {
  const heads = [
    '',
    '<38>',
    '<38>1 ',
    'Nov 21 10:00:00 ',
    '2026-11-21T10:00:00Z host ',
    '[ 1.5',
    '1795169716.1 ',
    '{"MESSAGE":"',
  ];
  const pieces = [
    ' ',
    '<',
    '0',
    '1',
    '[',
    ']',
    '\\',
    '"',
    'a=',
    '-- ',
    'x: ',
    'x[7]: ',
    ':',
    '.',
    'Nov 21 ',
    'last message ',
    'é',
    '(',
    '[pid 1] ',
    'a ',
  ];
  const slow: string[] = [];
  for (const head of heads)
    for (const piece of pieces)
      for (const end of ['', '] ', ' sshd[7]: x']) {
        const line = head + piece.repeat(Math.ceil(65_536 / piece.length)) + end;
        const bestMs = Math.min(...[0, 1, 2].map(() => timeOf(() => parser.parse(line, clock))));
        if (bestMs > 10) slow.push(`${bestMs.toFixed(0)} ms: ${head} ${piece} ${end}`);
      }
  expect(slow).toEqual([]);
});

it('needs time linear in what a peer chose: 64 KiB of any hostile piece as the name in each kind of line', () => {
  const slow: string[] = [];
  for (const [kind, of] of REFUSED_LINES)
    for (const piece of HOSTILE_PIECES) {
      const line = `Nov 21 10:00:00 host ${of(piece.repeat(Math.ceil(65_536 / piece.length)))}`;
      const bestMs = Math.min(...[0, 1, 2].map(() => timeOf(() => parser.parse(line, clock))));
      if (bestMs > 10) slow.push(`${bestMs.toFixed(0)} ms: ${kind}, ${piece}`);
    }
  expect(slow).toEqual([]);
});

describe('the other formats', () => {
  it('journal entries and Falco alerts of any form are read or refused, never thrown over', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), journalish), (line) => {
        const entry = parseJournalEntry(line);
        if (entry) parser.read(entry.parts, entry.line);
        readFalcoLine(line);
      }),
      { numRuns: 3000, seed: 2 },
    );
  });
});

const journalish = fc
  .record({
    __REALTIME_TIMESTAMP: fc.oneof(fc.constant('1795000000000000'), fc.string()),
    __CURSOR: fc.string(),
    SYSLOG_IDENTIFIER: fc.constantFrom('sshd', 'sudo', 'x'),
    MESSAGE: fc.oneof(fc.string(), fc.array(fc.nat(300)), fc.array(fc.string()), fc.constant(null)),
    rule: fc.string(),
    time: fc.oneof(fc.string(), fc.constant('2026-11-21T10:00:00.123456789Z')),
    output_fields: fc.dictionary(fc.constantFrom('fd.name', 'proc.pid', 'user.uid', 'proc.cmdline'), fc.jsonValue()),
  })
  .map((value) => JSON.stringify(value));

/** CPU time of this thread: what else runs on the machine does not count. */
function timeOf(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
