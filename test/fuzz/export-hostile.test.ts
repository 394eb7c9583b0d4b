// Whatever a host sent, what is exported reads back by the rules of its format, and nothing of it moves a terminal.
import type { Alert, HostEvent } from '@threatguard/proto';
import { exportAlert, exportEvent, FORWARD_FORMATS } from '@threatguard/proto/export';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parameterValue, syslogMessage } from '../../collector/src/publish/forward/syslog-message.ts';
import { formatCef } from '../../proto/src/export/cef.ts';
import { alert, storedEvent } from '../console/samples.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { hostileName } from '../support/hostile-names.ts';

const exporter = { version: '0.1.0', observer: 'collector-1' };
const SEED = { seed: 20_261_121, numRuns: 300 };

const text = fc.oneof(
  hostileName,
  fc.constant(HOSTILE),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'a=b',
    'a|b',
    'a\\',
    '\\=',
    '\\n',
    'x src=198.51.100.9',
    '__proto__',
    'constructor',
    ']',
    '"',
    '\r\n<13>1 ',
  ),
);
const field = fc.constantFrom(
  'user.name',
  'source.ip',
  'process.executable',
  'file.path',
  '__proto__',
  'a.b',
  'a',
  'a.b.c',
);
const someAlert = fc
  .record({
    ruleId: text,
    title: text,
    reason: text,
    agentName: text,
    entity: text,
    severity: fc.integer({ min: 0, max: 9 }),
    state: fc.integer({ min: 0, max: 9 }),
    techniques: fc.array(text, { maxLength: 3 }),
    tactics: fc.array(text, { maxLength: 3 }),
    entries: fc.array(fc.tuple(fc.oneof(field, text), text), { maxLength: 5 }),
    updatedAtUs: fc.oneof(fc.integer(), fc.constantFrom(Number.MAX_SAFE_INTEGER, -1, 0)),
  })
  .map(({ entries, ...rest }): Alert => alert({ ...rest, values: Object.fromEntries(entries) }));
const someEvent = fc.record({
  activity: fc.integer({ min: 0, max: 60 }),
  class: fc.integer({ min: 0, max: 9 }),
  outcome: fc.integer({ min: 0, max: 4 }),
  original: text,
  serviceName: text,
  user: fc.record({ name: text }),
  process: fc.record({ name: text, executable: text, args: fc.array(text, { maxLength: 3 }) }),
  network: fc.record({ sourceAddress: text, questionName: text, transport: text }),
  file: fc.record({ path: text }),
}) as fc.Arbitrary<HostEvent>;

/** A reader of CEF by its definition and nothing else; throws where the line is none. */
function readCef(line: string): { head: string[]; extension: Map<string, string> } {
  const head: string[] = [];
  let at = 0;
  for (let field = ''; head.length < 7; at++) {
    const character = line[at];
    if (character === undefined) throw new Error('the head ends too early');
    if (character === '\\') {
      const escaped = line[++at];
      if (escaped !== '\\' && escaped !== '|') throw new Error(`no such escape in the head: ${escaped}`);
      field += escaped;
    } else if (character === '|') {
      head.push(field);
      field = '';
    } else field += character;
  }
  const extension = new Map<string, string>();
  const rest = line.slice(at);
  // A key begins the extension or follows a space, and an equals sign that is not escaped ends it.
  const keys = [...rest.matchAll(/(?:^| )([A-Za-z0-9_]+)=/g)];
  for (const [index, match] of keys.entries()) {
    const raw = rest.slice(match.index + match[0].length, keys[index + 1]?.index);
    const value = raw.replace(/\\(.?)/gs, (_, escaped: string) => {
      const meaning = { '\\': '\\', '=': '=', n: '\n', r: '\r' }[escaped];
      if (meaning === undefined) throw new Error(`no such escape in a value: ${escaped}`);
      return meaning;
    });
    if (extension.has(match[1]!)) throw new Error(`${match[1]} stands there twice`);
    extension.set(match[1]!, value);
  }
  return { head, extension };
}

/** What CEF has no escape for, as it is written. */
const visible = (value: string) =>
  value.replace(/[^\P{Cc}\r\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (each) => `\\u{${each.codePointAt(0)!.toString(16)}}`);

describe('CEF', () => {
  it('reads back every value, whatever it holds', () => {
    fc.assert(
      fc.property(text, text, text, (name, first, second) => {
        const members = [
          { key: 'suser', value: first },
          { key: 'msg', value: second },
        ];
        const record = { vendor: 'a|b', product: '\\', version: '1', classId: name, name, severity: 3 };
        const line = formatCef({ ...record, extension: members });
        expect(line).not.toMatch(RAW);
        expect(line).not.toContain('\n');
        const { head, extension } = readCef(line);
        const flat = visible(name).replace(/[\r\n]+/g, ' ');
        expect(head).toEqual(['CEF:0', 'a|b', '\\', '1', flat, flat, '3']);
        expect(extension.get('suser') ?? '').toBe(visible(first));
        expect(extension.get('msg') ?? '').toBe(visible(second));
        expect(extension.size).toBe(Number(first !== '') + Number(second !== ''));
      }),
      SEED,
    );
  });

  it('cuts what is longer than its key allows, and no character in two', () => {
    const line = formatCef({
      ...{ vendor: 'v', product: 'p', version: '1', classId: 'c', name: 'n', severity: 0 },
      extension: [{ key: 'act', value: `${'x'.repeat(62)}\u{1f600}`, charactersMax: 63 }],
    });
    expect(readCef(line).extension.get('act')).toBe('x'.repeat(62));
  });
});

describe.each(FORWARD_FORMATS)('an alert as %s', (format) => {
  it('is one safe line that reads back, whatever it holds, and the same each time', () => {
    fc.assert(
      fc.property(someAlert, (given) => {
        const line = exportAlert(given, format, exporter);
        expect(line).not.toMatch(RAW);
        expect(line).not.toMatch(/[\r\n]/);
        expect(exportAlert(given, format, exporter)).toBe(line);
        if (format === 'cef') return void expect(readCef(line).extension.get('externalId')).toBe(`${given.id}:1`);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        const document = JSON.parse(line);
        expect(Object.getPrototypeOf({}).polluted).toBeUndefined();
        if (format === 'ocsf') expect(document.type_uid).toBe(document.class_uid * 100 + document.activity_id);
        if (format === 'ecs') expect(document.event.id).toBe(`${given.id}:1`);
      }),
      SEED,
    );
  });

  it('is one frame of syslog, with its structured data closed where it closes', () => {
    fc.assert(
      fc.property(someAlert, text, (given, key) => {
        const record = {
          key,
          kind: 'alert' as const,
          severity: 4,
          atUs: 1,
          text: exportAlert(given, format, exporter),
        };
        const look = { facility: 'local0', enterprise: 1, format, hostname: 'c' };
        const message = syslogMessage(record, look);
        const match =
          /^<\d+>1 \S+ c threatguard - alert \[threatguard@1 key="((?:[^"\\\]]|\\["\\\]])*)" format="\w+"\] (.*)$/s.exec(
            message,
          );
        expect(match?.[1]).toBe(parameterValue(key));
        expect(match?.[2]).toBe(record.text);
        expect(message).not.toMatch(/[\r\n]/);
      }),
      SEED,
    );
  });
});

it.each(['ecs', 'ocsf', 'cef'] as const)(
  'an event as %s is one safe line that reads back, whatever it holds',
  (format) => {
    fc.assert(
      fc.property(someEvent, (event) => {
        const line = exportEvent(storedEvent({ event }), format, exporter);
        expect(line).not.toMatch(RAW);
        expect(line).not.toMatch(/[\r\n]/);
        if (format === 'cef') return void readCef(line);
        const document = JSON.parse(line);
        if (format === 'ocsf') {
          expect(document.type_uid).toBe(document.class_uid * 100 + document.activity_id);
          expect(Math.floor(document.class_uid / 1000)).toBe(document.category_uid);
        }
      }),
      SEED,
    );
  },
);
