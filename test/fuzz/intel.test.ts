// Feeds are other people's bytes: whatever comes, it is understood or refused, and what is understood can be looked up again.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildIndex } from '../../collector/src/detect/intel/build-index.ts';
import { FeedError } from '../../collector/src/detect/intel/feed-report.ts';
import type { Indicator } from '../../collector/src/detect/intel/indicator.ts';
import { IntelIndex } from '../../collector/src/detect/intel/intel-index.ts';
import { normalise } from '../../collector/src/detect/intel/normalise.ts';
import { RecordWriter } from '../../collector/src/detect/intel/packed-records.ts';
import { FEED_FORMATS, readFeed } from '../../collector/src/detect/intel/read-feed.ts';
import { PatternError, parsePattern } from '../../collector/src/detect/intel/stix-pattern.ts';

const SEED = 20_261_121;

function read(bytes: Uint8Array, format?: (typeof FEED_FORMATS)[number]): Indicator[] {
  const found: Indicator[] = [];
  try {
    readFeed(bytes, { format }, (indicator) => found.push(indicator));
  } catch (error) {
    if (!(error instanceof FeedError)) throw error;
  }
  return found;
}

/** What was understood stands in an index made of it, under the value it was understood as. */
function expectFindable(found: readonly Indicator[]): void {
  const records = new RecordWriter();
  for (const indicator of found) expect(records.add(indicator, 1e6), `${indicator.kind} ${indicator.value}`).toBe(true);
  const about = { name: 'fuzz', confidence: 50, tlp: 'clear' as const };
  const index = new IntelIndex(buildIndex([{ id: 1, about, chunks: records.finish() }], 0));
  for (const { kind, value } of found) {
    const entry = index.findValue({ kind, value });
    if (entry >= 0) expect(index.value(entry)).toEqual({ kind, value });
    else expect(index.size).toBeLessThan(found.length); // past its end
  }
}

const WORDS = [
  '203.0.113.7',
  '203.0.113.0/24',
  '2001:db8::/32',
  ':',
  '[',
  ']',
  '(',
  ')',
  'evil.example',
  'hxxp://',
  'http://',
  '[.]',
  '/',
  '\\',
  "'",
  '"',
  ',',
  ';',
  '#',
  '\n',
  '\t',
  ' ',
  '|',
  '*',
  '%',
  '\0',
  '\ud800',
  'ü',
  '::ffff:',
  'a'.repeat(64),
  '0',
  '443',
  '||',
  '^',
  '127.0.0.1 ',
  'ipv4-addr:value',
  'domain-name:value',
  "file:hashes.'SHA-256'",
  'network-traffic:dst_ref.value',
  '=',
  '!=',
  'IN',
  'AND',
  'OR',
  'NOT',
  'ISSUBSET',
  'LIKE',
  'FOLLOWEDBY',
  "t'2026-01-01T00:00:00Z'",
  '-',
  '.',
  'ip',
  'url',
  'sha256',
  'dst_ip,dst_port',
];
const soup = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 6 })), { maxLength: 40 })
  .map((parts) => parts.join(''));

it('any text is a list, CSV or JSON that is understood or refused', () => {
  fc.assert(
    fc.property(soup, fc.constantFrom(undefined, ...FEED_FORMATS), (text, format) =>
      expectFindable(read(Buffer.from(text), format)),
    ),
    { seed: SEED, numRuns: 3_000 },
  );
});

it('any bytes are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(undefined, ...FEED_FORMATS), (bytes, format) =>
      expectFindable(read(bytes, format)),
    ),
    { seed: SEED, numRuns: 2_000 },
  );
});

it('any JSON in the place of STIX or MISP is', () => {
  const value = fc.oneof(soup, fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 3 }));
  const keys = [
    'type',
    'pattern',
    'pattern_type',
    'id',
    'confidence',
    'valid_until',
    'valid_from',
    'revoked',
    'object_marking_refs',
    'kill_chain_phases',
    'name',
    'definition',
    'external_references',
    'to_ids',
    'value',
    'Tag',
    'Attribute',
    'Object',
    'comment',
    'timestamp',
  ];
  const object = fc
    .dictionary(fc.constantFrom(...keys), value)
    .chain((some) =>
      fc
        .constantFrom('indicator', 'marking-definition', 'attack-pattern', 'ip-dst', 'domain|ip', 'ip-dst|port')
        .map((type) => ({ to_ids: true, ...some, type })),
    );
  const objects = fc.array(object, { maxLength: 5 });
  const document = fc.oneof(
    objects.map((all) => ({ type: 'bundle', objects: all })),
    objects.map((Attribute) => ({ response: [{ Event: { Attribute, Object: [{ Attribute }], Tag: Attribute } }] })),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(document, fc.constantFrom(undefined, 'stix' as const, 'misp' as const), (json, format) =>
      expectFindable(read(Buffer.from(JSON.stringify(json)), format)),
    ),
    { seed: SEED, numRuns: 2_000 },
  );
});

it('any pattern is comparisons that stand in it, or refused', () => {
  fc.assert(
    fc.property(soup, (text) => {
      try {
        for (const { path } of parsePattern(`[${text}]`).flat()) expect(path).toContain(':');
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
      }
    }),
    { seed: SEED, numRuns: 5_000 },
  );
  for (const deep of ['['.repeat(50_000), `[${'('.repeat(50_000)}`, '('.repeat(50_000)])
    expect(() => parsePattern(deep)).toThrow(PatternError);
});

it('a value that was normalised is its own normal form', () => {
  fc.assert(
    fc.property(fc.oneof(soup, fc.webUrl(), fc.ipV4(), fc.ipV6(), fc.domain()), (text) => {
      const found = normalise(text);
      if ('refused' in found) return;
      const { wildcard: _, ...value } = found;
      expect(normalise(value.value)).toEqual(value);
    }),
    { seed: SEED, numRuns: 5_000 },
  );
});
